module {
  aie.device(npu1_1col) {
    %shim_0 = aie.tile(0, 0)
    %mem_0 = aie.tile(0, 1)
    %core_0_0 = aie.tile(0, 2)
    %core_0_1 = aie.tile(0, 3)
    %core_0_2 = aie.tile(0, 4)
    %core_0_3 = aie.tile(0, 5)
    aie.objectfifo @b_l3_0(%shim_0, {%mem_0}, 2 : i32) : !aie.objectfifo<memref<18432xi8>>
    aie.objectfifo @b_l1_0(%mem_0, {%core_0_0}, [2, 2]) : !aie.objectfifo<memref<4608xi8>>
    aie.objectfifo @b_l1_1(%mem_0, {%core_0_1}, [2, 2]) : !aie.objectfifo<memref<4608xi8>>
    aie.objectfifo @b_l1_2(%mem_0, {%core_0_2}, [2, 2]) : !aie.objectfifo<memref<4608xi8>>
    aie.objectfifo @b_l1_3(%mem_0, {%core_0_3}, [2, 2]) : !aie.objectfifo<memref<4608xi8>>
    aie.objectfifo.link [@b_l3_0] -> [@b_l1_0, @b_l1_1, @b_l1_2, @b_l1_3] ([] [0, 4608, 9216, 13824])
    aie.objectfifo @c_l1_0_0(%core_0_0, {%mem_0}, 2 : i32) : !aie.objectfifo<memref<2560xi8>>
    aie.objectfifo @c_l1_0_1(%core_0_1, {%mem_0}, 2 : i32) : !aie.objectfifo<memref<2560xi8>>
    aie.objectfifo @c_l1_0_2(%core_0_2, {%mem_0}, 2 : i32) : !aie.objectfifo<memref<2560xi8>>
    aie.objectfifo @c_l1_0_3(%core_0_3, {%mem_0}, 2 : i32) : !aie.objectfifo<memref<2560xi8>>
    aie.objectfifo @c_l3_0(%mem_0 dimensionsToStream [<size = 4, stride = 8>, <size = 80, stride = 32>, <size = 8, stride = 1>], {%shim_0}, 2 : i32) : !aie.objectfifo<memref<10240xi8>>
    aie.objectfifo.link [@c_l1_0_0, @c_l1_0_1, @c_l1_0_2, @c_l1_0_3] -> [@c_l3_0] ([0, 2560, 5120, 7680] [])
    aie.objectfifo @a_l3_0(%shim_0, {%mem_0}, 2 : i32) : !aie.objectfifo<memref<10240xi8>>
    aie.objectfifo @a_l1_0(%mem_0 dimensionsToStream [<size = 320, stride = 8>, <size = 4, stride = 2560>, <size = 8, stride = 1>], {%core_0_0, %core_0_1, %core_0_2, %core_0_3}, 2 : i32) : !aie.objectfifo<memref<10240xi8>>
    aie.objectfifo.link [@a_l3_0] -> [@a_l1_0] ([] [])
    %memory_0_0 = aie.buffer(%core_0_0) {sym_name = "memory_0_0"} : memref<6672xi32>
    %vectors_0_0 = aie.buffer(%core_0_0) {sym_name = "vectors_0_0"} : memref<512xi8>
    %memory_0_1 = aie.buffer(%core_0_1) {sym_name = "memory_0_1"} : memref<6672xi32>
    %vectors_0_1 = aie.buffer(%core_0_1) {sym_name = "vectors_0_1"} : memref<512xi8>
    %memory_0_2 = aie.buffer(%core_0_2) {sym_name = "memory_0_2"} : memref<6672xi32>
    %vectors_0_2 = aie.buffer(%core_0_2) {sym_name = "vectors_0_2"} : memref<512xi8>
    %memory_0_3 = aie.buffer(%core_0_3) {sym_name = "memory_0_3"} : memref<6672xi32>
    %vectors_0_3 = aie.buffer(%core_0_3) {sym_name = "vectors_0_3"} : memref<512xi8>
    func.func private @llvm.aie2.I512.I512.ACC1024.acc32.mac.conf(vector<64xi8>, vector<16xi32>, vector<16xi64>, i32) -> vector<16xi64>
    func.func private @take(%b: memref<4608xi8>, %parameters: memref<6672xi32>) {
      %c_1 = arith.constant 0 : index
      %c_2 = arith.constant 0 : index
      %c_3 = arith.constant 272 : index
      %c_4 = arith.constant 16 : index
      scf.for %n_5 = %c_2 to %c_3 step %c_4 {
        %c_6 = arith.constant 4 : index
        %i_7 = arith.muli %n_5, %c_6 : index
        %i_8 = arith.addi %c_1, %i_7 : index
        %v_9 = vector.load %b[%i_8] {alignment = 32 : i64} : memref<4608xi8>, vector<64xi8>
        %v_10 = vector.bitcast %v_9 : vector<64xi8> to vector<16xi32>
        vector.store %v_10, %parameters[%n_5] {alignment = 32 : i64} : memref<6672xi32>, vector<16xi32>
      }
      return
    }
    func.func private @keep(%b: memref<4608xi8>, %vectors: memref<512xi8>) {
      %c_1 = arith.constant 0 : index
      %c_2 = arith.constant 512 : index
      %c_3 = arith.constant 64 : index
      scf.for %n_4 = %c_1 to %c_2 step %c_3 {
        %c_5 = arith.constant 4096 : index
        %i_6 = arith.addi %n_4, %c_5 : index
        %v_7 = vector.load %b[%i_6] {alignment = 32 : i64} : memref<4608xi8>, vector<64xi8>
        vector.store %v_7, %vectors[%n_4] {alignment = 32 : i64} : memref<512xi8>, vector<64xi8>
      }
      return
    }
    func.func private @multiply(%a: memref<10240xi8>, %b: memref<4608xi8>, %c: memref<6672xi32>, %object: index, %chunk: index, %fresh: index) {
      %mode = arith.constant 776 : i32
      %zero = arith.constant 0 : index
      %one = arith.constant 1 : index
      %group_c = arith.constant 64 : index
      %at_steps_0 = arith.constant 6 : index
      %steps_word = memref.load %c[%at_steps_0] : memref<6672xi32>
      %steps = arith.index_cast %steps_word : i32 to index
      %at_pixel_groups = arith.constant 7 : index
      %pixels_word = memref.load %c[%at_pixel_groups] : memref<6672xi32>
      %by_0 = arith.constant 3 : i32
      %pixels_words = arith.muli %pixels_word, %by_0 : i32
      %pixels = arith.index_cast %pixels_words : i32 to index
      %at_channel_blocks = arith.constant 9 : index
      %pixel_c_word = memref.load %c[%at_channel_blocks] : memref<6672xi32>
      %by_1 = arith.constant 32 : i32
      %pixel_c_words = arith.muli %pixel_c_word, %by_1 : i32
      %pixel_c = arith.index_cast %pixel_c_words : i32 to index
      %at_channel_groups = arith.constant 8 : index
      %object_c_word = memref.load %c[%at_channel_groups] : memref<6672xi32>
      %by_2 = arith.constant 64 : i32
      %object_c_words = arith.muli %object_c_word, %by_2 : i32
      %object_c = arith.index_cast %object_c_words : i32 to index
      %at_steps_1 = arith.constant 6 : index
      %group_b_word = memref.load %c[%at_steps_1] : memref<6672xi32>
      %by_3 = arith.constant 128 : i32
      %group_b_words = arith.muli %group_b_word, %by_3 : i32
      %group_b_0 = arith.index_cast %group_b_words : i32 to index
      %at_chunk_elements = arith.constant 13 : index
      %chunk_b_word = memref.load %c[%at_chunk_elements] : memref<6672xi32>
      %chunk_b = arith.index_cast %chunk_b_word : i32 to index
      %begins = arith.cmpi ne, %fresh, %zero : index
      %first_c_i32_0 = arith.index_cast %object : index to i32
      %first_c_i32_1 = arith.index_cast %object_c : index to i32
      %first_c_i32_2 = arith.muli %first_c_i32_0, %first_c_i32_1 : i32
      %first_c = arith.index_cast %first_c_i32_2 : i32 to index
      %first_b_i32_0 = arith.index_cast %chunk : index to i32
      %first_b_i32_1 = arith.index_cast %chunk_b : index to i32
      %first_b_i32_2 = arith.muli %first_b_i32_0, %first_b_i32_1 : i32
      %first_b = arith.index_cast %first_b_i32_2 : i32 to index
      %sums = arith.constant 272 : index
      %first_sum = arith.addi %first_c, %sums : index
      %group_pixels = arith.constant 3 : index
      %end_c:1 = scf.for %group = %zero to %pixels step %group_pixels iter_args(%row_c_0 = %first_sum) -> (index) {
        %pixel_table_0 = arith.constant 108 : index
        %at_0 = arith.addi %group, %pixel_table_0 : index
        %pixel_word_0 = memref.load %c[%at_0] : memref<6672xi32>
        %pixel_a_0 = arith.index_cast %pixel_word_0 : i32 to index
        %pixel_table_1 = arith.constant 109 : index
        %at_1 = arith.addi %group, %pixel_table_1 : index
        %pixel_word_1 = memref.load %c[%at_1] : memref<6672xi32>
        %pixel_a_1 = arith.index_cast %pixel_word_1 : i32 to index
        %pixel_table_2 = arith.constant 110 : index
        %at_2 = arith.addi %group, %pixel_table_2 : index
        %pixel_word_2 = memref.load %c[%at_2] : memref<6672xi32>
        %pixel_a_2 = arith.index_cast %pixel_word_2 : i32 to index
        %row_c_1 = arith.addi %row_c_0, %pixel_c : index
        %row_c_2 = arith.addi %row_c_1, %pixel_c : index
        %row_c_3 = arith.addi %row_c_2, %pixel_c : index
        %end_b:1 = scf.for %channel = %zero to %object_c step %group_c iter_args(%group_b_1 = %first_b) -> (index) {
          %next_b = arith.addi %group_b_1, %group_b_0 : index
          %block_c_0 = arith.addi %row_c_0, %channel : index
          %block_c_1 = arith.addi %row_c_1, %channel : index
          %block_c_2 = arith.addi %row_c_2, %channel : index
          %to_next_0 = arith.constant 32 : index
          %block_c_3 = arith.addi %block_c_0, %to_next_0 : index
          %to_next_1 = arith.constant 32 : index
          %block_c_4 = arith.addi %block_c_1, %to_next_1 : index
          %to_next_2 = arith.constant 32 : index
          %block_c_5 = arith.addi %block_c_2, %to_next_2 : index
          %begin:6 = scf.if %begins -> (vector<16xi64>, vector<16xi64>, vector<16xi64>, vector<16xi64>, vector<16xi64>, vector<16xi64>) {
            %acc_0 = arith.constant dense<0> : vector<16xi64>
            scf.yield %acc_0, %acc_0, %acc_0, %acc_0, %acc_0, %acc_0 : vector<16xi64>, vector<16xi64>, vector<16xi64>, vector<16xi64>, vector<16xi64>, vector<16xi64>
          } else {
            %acc_1 = vector.load %c[%block_c_0] {alignment = 32 : i64} : memref<6672xi32>, vector<32xi32>
            %v_0 = vector.bitcast %acc_1 : vector<32xi32> to vector<16xi64>
            %acc_2 = vector.load %c[%block_c_3] {alignment = 32 : i64} : memref<6672xi32>, vector<32xi32>
            %v_1 = vector.bitcast %acc_2 : vector<32xi32> to vector<16xi64>
            %acc_3 = vector.load %c[%block_c_1] {alignment = 32 : i64} : memref<6672xi32>, vector<32xi32>
            %v_2 = vector.bitcast %acc_3 : vector<32xi32> to vector<16xi64>
            %acc_4 = vector.load %c[%block_c_4] {alignment = 32 : i64} : memref<6672xi32>, vector<32xi32>
            %v_3 = vector.bitcast %acc_4 : vector<32xi32> to vector<16xi64>
            %acc_5 = vector.load %c[%block_c_2] {alignment = 32 : i64} : memref<6672xi32>, vector<32xi32>
            %v_4 = vector.bitcast %acc_5 : vector<32xi32> to vector<16xi64>
            %acc_6 = vector.load %c[%block_c_5] {alignment = 32 : i64} : memref<6672xi32>, vector<32xi32>
            %v_5 = vector.bitcast %acc_6 : vector<32xi32> to vector<16xi64>
            scf.yield %v_0, %v_1, %v_2, %v_3, %v_4, %v_5 : vector<16xi64>, vector<16xi64>, vector<16xi64>, vector<16xi64>, vector<16xi64>, vector<16xi64>
          }
          %sum:6 = scf.for %step = %zero to %steps step %one iter_args(%acc_7 = %begin#0, %acc_8 = %begin#1, %acc_9 = %begin#2, %acc_10 = %begin#3, %acc_11 = %begin#4, %acc_12 = %begin#5) -> (vector<16xi64>, vector<16xi64>, vector<16xi64>, vector<16xi64>, vector<16xi64>, vector<16xi64>) {
            %step_table = arith.constant 72 : index
            %at_3 = arith.addi %step, %step_table : index
            %step_word = memref.load %c[%at_3] : memref<6672xi32>
            %step_a = arith.index_cast %step_word : i32 to index
            %by_4 = arith.constant 128 : index
            %step_b_0 = arith.muli %step, %by_4 : index
            %step_b_1 = arith.addi %group_b_1, %step_b_0 : index
            %b_0 = vector.load %b[%step_b_1] {alignment = 32 : i64} : memref<4608xi8>, vector<64xi8>
            %v_6 = vector.bitcast %b_0 : vector<64xi8> to vector<16xi32>
            %to_next_3 = arith.constant 64 : index
            %at_b = arith.addi %step_b_1, %to_next_3 : index
            %b_1 = vector.load %b[%at_b] {alignment = 32 : i64} : memref<4608xi8>, vector<64xi8>
            %v_7 = vector.bitcast %b_1 : vector<64xi8> to vector<16xi32>
            %at_a_0 = arith.addi %pixel_a_0, %step_a : index
            %a_0 = vector.load %a[%at_a_0] {alignment = 32 : i64} : memref<10240xi8>, vector<32xi8>
            %v_8 = vector.shuffle %a_0, %a_0 [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1] : vector<32xi8>, vector<32xi8>
            %at_a_1 = arith.addi %pixel_a_1, %step_a : index
            %a_1 = vector.load %a[%at_a_1] {alignment = 32 : i64} : memref<10240xi8>, vector<32xi8>
            %v_9 = vector.shuffle %a_1, %a_1 [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1] : vector<32xi8>, vector<32xi8>
            %at_a_2 = arith.addi %pixel_a_2, %step_a : index
            %a_2 = vector.load %a[%at_a_2] {alignment = 32 : i64} : memref<10240xi8>, vector<32xi8>
            %v_10 = vector.shuffle %a_2, %a_2 [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1] : vector<32xi8>, vector<32xi8>
            %y_0 = func.call @llvm.aie2.I512.I512.ACC1024.acc32.mac.conf(%v_8, %v_6, %acc_7, %mode) : (vector<64xi8>, vector<16xi32>, vector<16xi64>, i32) -> vector<16xi64>
            %y_1 = func.call @llvm.aie2.I512.I512.ACC1024.acc32.mac.conf(%v_8, %v_7, %acc_8, %mode) : (vector<64xi8>, vector<16xi32>, vector<16xi64>, i32) -> vector<16xi64>
            %y_2 = func.call @llvm.aie2.I512.I512.ACC1024.acc32.mac.conf(%v_9, %v_6, %acc_9, %mode) : (vector<64xi8>, vector<16xi32>, vector<16xi64>, i32) -> vector<16xi64>
            %y_3 = func.call @llvm.aie2.I512.I512.ACC1024.acc32.mac.conf(%v_9, %v_7, %acc_10, %mode) : (vector<64xi8>, vector<16xi32>, vector<16xi64>, i32) -> vector<16xi64>
            %y_4 = func.call @llvm.aie2.I512.I512.ACC1024.acc32.mac.conf(%v_10, %v_6, %acc_11, %mode) : (vector<64xi8>, vector<16xi32>, vector<16xi64>, i32) -> vector<16xi64>
            %y_5 = func.call @llvm.aie2.I512.I512.ACC1024.acc32.mac.conf(%v_10, %v_7, %acc_12, %mode) : (vector<64xi8>, vector<16xi32>, vector<16xi64>, i32) -> vector<16xi64>
            scf.yield %y_0, %y_1, %y_2, %y_3, %y_4, %y_5 : vector<16xi64>, vector<16xi64>, vector<16xi64>, vector<16xi64>, vector<16xi64>, vector<16xi64>
          }
          %v_11 = vector.bitcast %sum#0 : vector<16xi64> to vector<32xi32>
          vector.store %v_11, %c[%block_c_0] {alignment = 32 : i64} : memref<6672xi32>, vector<32xi32>
          %v_12 = vector.bitcast %sum#1 : vector<16xi64> to vector<32xi32>
          vector.store %v_12, %c[%block_c_3] {alignment = 32 : i64} : memref<6672xi32>, vector<32xi32>
          %v_13 = vector.bitcast %sum#2 : vector<16xi64> to vector<32xi32>
          vector.store %v_13, %c[%block_c_1] {alignment = 32 : i64} : memref<6672xi32>, vector<32xi32>
          %v_14 = vector.bitcast %sum#3 : vector<16xi64> to vector<32xi32>
          vector.store %v_14, %c[%block_c_4] {alignment = 32 : i64} : memref<6672xi32>, vector<32xi32>
          %v_15 = vector.bitcast %sum#4 : vector<16xi64> to vector<32xi32>
          vector.store %v_15, %c[%block_c_2] {alignment = 32 : i64} : memref<6672xi32>, vector<32xi32>
          %v_16 = vector.bitcast %sum#5 : vector<16xi64> to vector<32xi32>
          vector.store %v_16, %c[%block_c_5] {alignment = 32 : i64} : memref<6672xi32>, vector<32xi32>
          scf.yield %next_b : index
        }
        scf.yield %row_c_3 : index
      }
      return
    }
    func.func private @finish(%c: memref<6672xi32>, %v: memref<512xi8>, %out: memref<2560xi8>, %u: index) {
      %c_1 = arith.constant 0 : index
      %c_2 = arith.constant 1 : index
      %c_3 = arith.constant 9 : index
      %n_4 = memref.load %c[%c_3] : memref<6672xi32>
      %n_5 = arith.index_cast %n_4 : i32 to index
      %c_6 = arith.constant 10 : index
      %n_7 = memref.load %c[%c_6] : memref<6672xi32>
      %n_8 = arith.index_cast %n_7 : i32 to index
      %i_9 = arith.muli %u, %n_8 : index
      %c_10 = arith.constant 32 : index
      %i_11 = arith.muli %n_5, %c_10 : index
      %i_12 = arith.muli %i_9, %i_11 : index
      %c_13 = arith.constant 272 : index
      %i_14 = arith.addi %i_12, %c_13 : index
      %c_15 = arith.constant 0 : index
      %c_16 = arith.constant 208 : index
      %v_17 = vector.load %c[%c_16] {alignment = 32 : i64} : memref<6672xi32>, vector<16xi32>
      %k_18 = vector.shuffle %v_17, %v_17 [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0] : vector<16xi32>, vector<16xi32>
      %k_19 = vector.shuffle %v_17, %v_17 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1] : vector<16xi32>, vector<16xi32>
      %k_20 = vector.shuffle %v_17, %v_17 [2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2] : vector<16xi32>, vector<16xi32>
      %c_21 = arith.constant 1 : index
      scf.for %c_22 = %c_1 to %n_5 step %c_21 {
        %c_23 = arith.constant 32 : index
        %i_24 = arith.muli %c_22, %c_23 : index
        %i_25 = arith.addi %c_15, %i_24 : index
        %v_26 = vector.load %v[%i_25] {alignment = 32 : i64} : memref<512xi8>, vector<32xi8>
        %v_27 = vector.bitcast %v_26 : vector<32xi8> to vector<8xi32>
        %bias_28 = vector.shuffle %v_27, %v_27 [0, 1, 2, 3, 4, 5, 6, 7, 0, 1, 2, 3, 4, 5, 6, 7, 0, 1, 2, 3, 4, 5, 6, 7, 0, 1, 2, 3, 4, 5, 6, 7] : vector<8xi32>, vector<8xi32>
        %c_29 = arith.constant 32 : index
        %i_30 = arith.muli %c_22, %c_29 : index
        %i_31 = arith.addi %i_14, %i_30 : index
        %sum_35:2 = scf.for %m_32 = %c_1 to %n_8 step %c_2 iter_args(%x_33 = %i_31, %x_34 = %i_30) -> (index, index) {
          %acc_36 = vector.load %c[%x_33] {alignment = 32 : i64} : memref<6672xi32>, vector<32xi32>
          %e_37 = arith.addi %acc_36, %bias_28 : vector<32xi32>
          %e_38 = arith.maxsi %e_37, %k_18 : vector<32xi32>
          %e_39 = arith.minsi %e_38, %k_19 : vector<32xi32>
          %e_40 = arith.shli %e_39, %k_20 : vector<32xi32>
          %v_41 = vector.bitcast %e_40 : vector<32xi32> to vector<128xi8>
          %e_42 = vector.shuffle %v_41, %v_41 [2, 6, 10, 14, 18, 22, 26, 30, 34, 38, 42, 46, 50, 54, 58, 62, 66, 70, 74, 78, 82, 86, 90, 94, 98, 102, 106, 110, 114, 118, 122, 126] : vector<128xi8>, vector<128xi8>
          vector.store %e_42, %out[%x_34] {alignment = 32 : i64} : memref<2560xi8>, vector<32xi8>
          %i_43 = arith.addi %x_33, %i_11 : index
          %i_44 = arith.addi %x_34, %i_11 : index
          scf.yield %i_43, %i_44 : index, index
        }
      }
      return
    }
    %program_0_0 = aie.core(%core_0_0) {
      %c_1 = arith.constant 0 : index
      %c_2 = arith.constant 1 : index
      %c_3 = arith.constant 9223372036854775807 : index
      scf.for %call_4 = %c_1 to %c_3 step %c_2 {
        %s_5 = aie.objectfifo.acquire @b_l1_0(Consume, 1) : !aie.objectfifosubview<memref<4608xi8>>
        %o_6 = aie.objectfifo.subview.access %s_5[0] : !aie.objectfifosubview<memref<4608xi8>> -> memref<4608xi8>
        func.call @take(%o_6, %memory_0_0) : (memref<4608xi8>, memref<6672xi32>) -> ()
        %c_7 = arith.constant 0 : index
        %n_8 = memref.load %memory_0_0[%c_7] : memref<6672xi32>
        %n_9 = arith.index_cast %n_8 : i32 to index
        %c_10 = arith.constant 36 : index
        %n_11 = memref.load %memory_0_0[%c_10] : memref<6672xi32>
        %n_12 = arith.index_cast %n_11 : i32 to index
        %c_13 = arith.constant 2 : index
        %n_14 = memref.load %memory_0_0[%c_13] : memref<6672xi32>
        %n_15 = arith.index_cast %n_14 : i32 to index
        aie.objectfifo.release @b_l1_0(Consume, 1)
        scf.for %p_16 = %c_1 to %n_9 step %c_2 {
          scf.for %t_17 = %c_1 to %n_12 step %c_2 {
            scf.for %q_18 = %c_1 to %n_15 step %c_2 {
              %i_19 = arith.addi %q_18, %c_2 : index
              %is_20 = arith.cmpi eq, %i_19, %n_15 : index
              %is_21 = arith.cmpi eq, %q_18, %c_1 : index
              %s_22 = aie.objectfifo.acquire @b_l1_0(Consume, 1) : !aie.objectfifosubview<memref<4608xi8>>
              %o_23 = aie.objectfifo.subview.access %s_22[0] : !aie.objectfifosubview<memref<4608xi8>> -> memref<4608xi8>
              %c_24 = arith.constant 62 : index
              %n_25 = memref.load %memory_0_0[%c_24] : memref<6672xi32>
              %n_26 = arith.index_cast %n_25 : i32 to index
              %i_27 = arith.select %is_21, %n_26, %c_1 : index
              %is_28 = arith.cmpi ne, %i_27, %c_1 : index
              scf.if %is_28 {
                func.call @keep(%o_23, %vectors_0_0) : (memref<4608xi8>, memref<512xi8>) -> ()
              }
              %c_29 = arith.constant 44 : index
              %n_30 = memref.load %memory_0_0[%c_29] : memref<6672xi32>
              %n_31 = arith.index_cast %n_30 : i32 to index
              scf.for %g_32 = %c_1 to %n_31 step %c_2 {
                %i_33 = arith.select %is_21, %c_2, %c_1 : index
                %c_34 = arith.constant 28 : index
                %n_35 = memref.load %memory_0_0[%c_34] : memref<6672xi32>
                %n_36 = arith.index_cast %n_35 : i32 to index
                %c_37 = arith.constant 64 : index
                %n_38 = memref.load %memory_0_0[%c_37] : memref<6672xi32>
                %n_39 = arith.index_cast %n_38 : i32 to index
                %c_40 = arith.constant 14 : index
                %n_41 = memref.load %memory_0_0[%c_40] : memref<6672xi32>
                %n_42 = arith.index_cast %n_41 : i32 to index
                %c_43 = arith.constant 12 : index
                %n_44 = memref.load %memory_0_0[%c_43] : memref<6672xi32>
                %n_45 = arith.index_cast %n_44 : i32 to index
                %i_46 = arith.select %is_21, %n_42, %n_45 : index
                scf.for %k_47 = %c_1 to %i_46 step %c_2 {
                  %is_48 = arith.cmpi eq, %k_47, %c_1 : index
                  %i_49 = arith.select %is_48, %n_36, %n_39 : index
                  %i_50 = arith.select %is_48, %i_33, %c_1 : index
                  scf.for %i_51 = %c_1 to %i_49 step %c_2 {
                    %s_52 = aie.objectfifo.acquire @a_l1_0(Consume, 1) : !aie.objectfifosubview<memref<10240xi8>>
                    %o_53 = aie.objectfifo.subview.access %s_52[0] : !aie.objectfifosubview<memref<10240xi8>> -> memref<10240xi8>
                    aie.objectfifo.release @a_l1_0(Consume, 1)
                  }
                  %s_54 = aie.objectfifo.acquire @a_l1_0(Consume, 1) : !aie.objectfifosubview<memref<10240xi8>>
                  %o_55 = aie.objectfifo.subview.access %s_54[0] : !aie.objectfifosubview<memref<10240xi8>> -> memref<10240xi8>
                  func.call @multiply(%o_55, %o_23, %memory_0_0, %c_1, %k_47, %i_50) : (memref<10240xi8>, memref<4608xi8>, memref<6672xi32>, index, index, index) -> ()
                  %c_56 = arith.constant 4 : index
                  %n_57 = memref.load %memory_0_0[%c_56] : memref<6672xi32>
                  %n_58 = arith.index_cast %n_57 : i32 to index
                  scf.for %o_59 = %c_2 to %n_58 step %c_2 {
                    aie.objectfifo.release @b_l1_0(Consume, 1)
                    %s_60 = aie.objectfifo.acquire @b_l1_0(Consume, 1) : !aie.objectfifosubview<memref<4608xi8>>
                    %o_61 = aie.objectfifo.subview.access %s_60[0] : !aie.objectfifosubview<memref<4608xi8>> -> memref<4608xi8>
                    func.call @multiply(%o_55, %o_61, %memory_0_0, %o_59, %c_1, %i_50) : (memref<10240xi8>, memref<4608xi8>, memref<6672xi32>, index, index, index) -> ()
                  }
                  aie.objectfifo.release @a_l1_0(Consume, 1)
                }
                %c_62 = arith.constant 32 : index
                %n_63 = memref.load %memory_0_0[%c_62] : memref<6672xi32>
                %n_64 = arith.index_cast %n_63 : i32 to index
                scf.for %i_65 = %c_1 to %n_64 step %c_2 {
                  %s_66 = aie.objectfifo.acquire @a_l1_0(Consume, 1) : !aie.objectfifosubview<memref<10240xi8>>
                  %o_67 = aie.objectfifo.subview.access %s_66[0] : !aie.objectfifosubview<memref<10240xi8>> -> memref<10240xi8>
                  aie.objectfifo.release @a_l1_0(Consume, 1)
                }
                %c_68 = arith.constant 60 : index
                %n_69 = memref.load %memory_0_0[%c_68] : memref<6672xi32>
                %n_70 = arith.index_cast %n_69 : i32 to index
                %is_71 = arith.cmpi ne, %n_70, %c_1 : index
                scf.if %is_71 {
                  aie.objectfifo.release @b_l1_0(Consume, 1)
                }
                scf.if %is_20 {
                  %c_72 = arith.constant 63 : index
                  %n_73 = memref.load %memory_0_0[%c_72] : memref<6672xi32>
                  %n_74 = arith.index_cast %n_73 : i32 to index
                  %is_75 = arith.cmpi ne, %n_74, %c_1 : index
                  scf.if %is_75 {
                    %s_76 = aie.objectfifo.acquire @b_l1_0(Consume, 1) : !aie.objectfifosubview<memref<4608xi8>>
                    %o_77 = aie.objectfifo.subview.access %s_76[0] : !aie.objectfifosubview<memref<4608xi8>> -> memref<4608xi8>
                    func.call @keep(%o_77, %vectors_0_0) : (memref<4608xi8>, memref<512xi8>) -> ()
                  }
                  %c_78 = arith.constant 5 : index
                  %n_79 = memref.load %memory_0_0[%c_78] : memref<6672xi32>
                  %n_80 = arith.index_cast %n_79 : i32 to index
                  scf.for %u_81 = %c_1 to %n_80 step %c_2 {
                    %s_82 = aie.objectfifo.acquire @c_l1_0_0(Produce, 1) : !aie.objectfifosubview<memref<2560xi8>>
                    %o_83 = aie.objectfifo.subview.access %s_82[0] : !aie.objectfifosubview<memref<2560xi8>> -> memref<2560xi8>
                    func.call @finish(%memory_0_0, %vectors_0_0, %o_83, %u_81) : (memref<6672xi32>, memref<512xi8>, memref<2560xi8>, index) -> ()
                    aie.objectfifo.release @c_l1_0_0(Produce, 1)
                  }
                }
              }
              %c_84 = arith.constant 61 : index
              %n_85 = memref.load %memory_0_0[%c_84] : memref<6672xi32>
              %n_86 = arith.index_cast %n_85 : i32 to index
              %i_87 = arith.select %is_20, %n_86, %c_1 : index
              %is_88 = arith.cmpi ne, %i_87, %c_1 : index
              scf.if %is_88 {
                aie.objectfifo.release @b_l1_0(Consume, 1)
              }
            }
          }
          %c_89 = arith.constant 52 : index
          %n_90 = memref.load %memory_0_0[%c_89] : memref<6672xi32>
          %n_91 = arith.index_cast %n_90 : i32 to index
          scf.for %t_92 = %c_1 to %n_91 step %c_2 {
            %s_93 = aie.objectfifo.acquire @b_l1_0(Consume, 1) : !aie.objectfifosubview<memref<4608xi8>>
            %o_94 = aie.objectfifo.subview.access %s_93[0] : !aie.objectfifosubview<memref<4608xi8>> -> memref<4608xi8>
            aie.objectfifo.release @b_l1_0(Consume, 1)
          }
        }
      }
      aie.end
    } {dynamic_objfifo_lowering = true, stack_size = 2048 : i32}
    %program_0_1 = aie.core(%core_0_1) {
      %c_95 = arith.constant 0 : index
      %c_96 = arith.constant 1 : index
      %c_97 = arith.constant 9223372036854775807 : index
      scf.for %call_98 = %c_95 to %c_97 step %c_96 {
        %s_99 = aie.objectfifo.acquire @b_l1_1(Consume, 1) : !aie.objectfifosubview<memref<4608xi8>>
        %o_100 = aie.objectfifo.subview.access %s_99[0] : !aie.objectfifosubview<memref<4608xi8>> -> memref<4608xi8>
        func.call @take(%o_100, %memory_0_1) : (memref<4608xi8>, memref<6672xi32>) -> ()
        %c_101 = arith.constant 0 : index
        %n_102 = memref.load %memory_0_1[%c_101] : memref<6672xi32>
        %n_103 = arith.index_cast %n_102 : i32 to index
        %c_104 = arith.constant 36 : index
        %n_105 = memref.load %memory_0_1[%c_104] : memref<6672xi32>
        %n_106 = arith.index_cast %n_105 : i32 to index
        %c_107 = arith.constant 2 : index
        %n_108 = memref.load %memory_0_1[%c_107] : memref<6672xi32>
        %n_109 = arith.index_cast %n_108 : i32 to index
        aie.objectfifo.release @b_l1_1(Consume, 1)
        scf.for %p_110 = %c_95 to %n_103 step %c_96 {
          scf.for %t_111 = %c_95 to %n_106 step %c_96 {
            scf.for %q_112 = %c_95 to %n_109 step %c_96 {
              %i_113 = arith.addi %q_112, %c_96 : index
              %is_114 = arith.cmpi eq, %i_113, %n_109 : index
              %is_115 = arith.cmpi eq, %q_112, %c_95 : index
              %s_116 = aie.objectfifo.acquire @b_l1_1(Consume, 1) : !aie.objectfifosubview<memref<4608xi8>>
              %o_117 = aie.objectfifo.subview.access %s_116[0] : !aie.objectfifosubview<memref<4608xi8>> -> memref<4608xi8>
              %c_118 = arith.constant 62 : index
              %n_119 = memref.load %memory_0_1[%c_118] : memref<6672xi32>
              %n_120 = arith.index_cast %n_119 : i32 to index
              %i_121 = arith.select %is_115, %n_120, %c_95 : index
              %is_122 = arith.cmpi ne, %i_121, %c_95 : index
              scf.if %is_122 {
                func.call @keep(%o_117, %vectors_0_1) : (memref<4608xi8>, memref<512xi8>) -> ()
              }
              %c_123 = arith.constant 44 : index
              %n_124 = memref.load %memory_0_1[%c_123] : memref<6672xi32>
              %n_125 = arith.index_cast %n_124 : i32 to index
              scf.for %g_126 = %c_95 to %n_125 step %c_96 {
                %i_127 = arith.select %is_115, %c_96, %c_95 : index
                %c_128 = arith.constant 29 : index
                %n_129 = memref.load %memory_0_1[%c_128] : memref<6672xi32>
                %n_130 = arith.index_cast %n_129 : i32 to index
                %c_131 = arith.constant 64 : index
                %n_132 = memref.load %memory_0_1[%c_131] : memref<6672xi32>
                %n_133 = arith.index_cast %n_132 : i32 to index
                %c_134 = arith.constant 14 : index
                %n_135 = memref.load %memory_0_1[%c_134] : memref<6672xi32>
                %n_136 = arith.index_cast %n_135 : i32 to index
                %c_137 = arith.constant 12 : index
                %n_138 = memref.load %memory_0_1[%c_137] : memref<6672xi32>
                %n_139 = arith.index_cast %n_138 : i32 to index
                %i_140 = arith.select %is_115, %n_136, %n_139 : index
                scf.for %k_141 = %c_95 to %i_140 step %c_96 {
                  %is_142 = arith.cmpi eq, %k_141, %c_95 : index
                  %i_143 = arith.select %is_142, %n_130, %n_133 : index
                  %i_144 = arith.select %is_142, %i_127, %c_95 : index
                  scf.for %i_145 = %c_95 to %i_143 step %c_96 {
                    %s_146 = aie.objectfifo.acquire @a_l1_0(Consume, 1) : !aie.objectfifosubview<memref<10240xi8>>
                    %o_147 = aie.objectfifo.subview.access %s_146[0] : !aie.objectfifosubview<memref<10240xi8>> -> memref<10240xi8>
                    aie.objectfifo.release @a_l1_0(Consume, 1)
                  }
                  %s_148 = aie.objectfifo.acquire @a_l1_0(Consume, 1) : !aie.objectfifosubview<memref<10240xi8>>
                  %o_149 = aie.objectfifo.subview.access %s_148[0] : !aie.objectfifosubview<memref<10240xi8>> -> memref<10240xi8>
                  func.call @multiply(%o_149, %o_117, %memory_0_1, %c_95, %k_141, %i_144) : (memref<10240xi8>, memref<4608xi8>, memref<6672xi32>, index, index, index) -> ()
                  %c_150 = arith.constant 4 : index
                  %n_151 = memref.load %memory_0_1[%c_150] : memref<6672xi32>
                  %n_152 = arith.index_cast %n_151 : i32 to index
                  scf.for %o_153 = %c_96 to %n_152 step %c_96 {
                    aie.objectfifo.release @b_l1_1(Consume, 1)
                    %s_154 = aie.objectfifo.acquire @b_l1_1(Consume, 1) : !aie.objectfifosubview<memref<4608xi8>>
                    %o_155 = aie.objectfifo.subview.access %s_154[0] : !aie.objectfifosubview<memref<4608xi8>> -> memref<4608xi8>
                    func.call @multiply(%o_149, %o_155, %memory_0_1, %o_153, %c_95, %i_144) : (memref<10240xi8>, memref<4608xi8>, memref<6672xi32>, index, index, index) -> ()
                  }
                  aie.objectfifo.release @a_l1_0(Consume, 1)
                }
                %c_156 = arith.constant 33 : index
                %n_157 = memref.load %memory_0_1[%c_156] : memref<6672xi32>
                %n_158 = arith.index_cast %n_157 : i32 to index
                scf.for %i_159 = %c_95 to %n_158 step %c_96 {
                  %s_160 = aie.objectfifo.acquire @a_l1_0(Consume, 1) : !aie.objectfifosubview<memref<10240xi8>>
                  %o_161 = aie.objectfifo.subview.access %s_160[0] : !aie.objectfifosubview<memref<10240xi8>> -> memref<10240xi8>
                  aie.objectfifo.release @a_l1_0(Consume, 1)
                }
                %c_162 = arith.constant 60 : index
                %n_163 = memref.load %memory_0_1[%c_162] : memref<6672xi32>
                %n_164 = arith.index_cast %n_163 : i32 to index
                %is_165 = arith.cmpi ne, %n_164, %c_95 : index
                scf.if %is_165 {
                  aie.objectfifo.release @b_l1_1(Consume, 1)
                }
                scf.if %is_114 {
                  %c_166 = arith.constant 63 : index
                  %n_167 = memref.load %memory_0_1[%c_166] : memref<6672xi32>
                  %n_168 = arith.index_cast %n_167 : i32 to index
                  %is_169 = arith.cmpi ne, %n_168, %c_95 : index
                  scf.if %is_169 {
                    %s_170 = aie.objectfifo.acquire @b_l1_1(Consume, 1) : !aie.objectfifosubview<memref<4608xi8>>
                    %o_171 = aie.objectfifo.subview.access %s_170[0] : !aie.objectfifosubview<memref<4608xi8>> -> memref<4608xi8>
                    func.call @keep(%o_171, %vectors_0_1) : (memref<4608xi8>, memref<512xi8>) -> ()
                  }
                  %c_172 = arith.constant 5 : index
                  %n_173 = memref.load %memory_0_1[%c_172] : memref<6672xi32>
                  %n_174 = arith.index_cast %n_173 : i32 to index
                  scf.for %u_175 = %c_95 to %n_174 step %c_96 {
                    %s_176 = aie.objectfifo.acquire @c_l1_0_1(Produce, 1) : !aie.objectfifosubview<memref<2560xi8>>
                    %o_177 = aie.objectfifo.subview.access %s_176[0] : !aie.objectfifosubview<memref<2560xi8>> -> memref<2560xi8>
                    func.call @finish(%memory_0_1, %vectors_0_1, %o_177, %u_175) : (memref<6672xi32>, memref<512xi8>, memref<2560xi8>, index) -> ()
                    aie.objectfifo.release @c_l1_0_1(Produce, 1)
                  }
                }
              }
              %c_178 = arith.constant 61 : index
              %n_179 = memref.load %memory_0_1[%c_178] : memref<6672xi32>
              %n_180 = arith.index_cast %n_179 : i32 to index
              %i_181 = arith.select %is_114, %n_180, %c_95 : index
              %is_182 = arith.cmpi ne, %i_181, %c_95 : index
              scf.if %is_182 {
                aie.objectfifo.release @b_l1_1(Consume, 1)
              }
            }
          }
          %c_183 = arith.constant 52 : index
          %n_184 = memref.load %memory_0_1[%c_183] : memref<6672xi32>
          %n_185 = arith.index_cast %n_184 : i32 to index
          scf.for %t_186 = %c_95 to %n_185 step %c_96 {
            %s_187 = aie.objectfifo.acquire @b_l1_1(Consume, 1) : !aie.objectfifosubview<memref<4608xi8>>
            %o_188 = aie.objectfifo.subview.access %s_187[0] : !aie.objectfifosubview<memref<4608xi8>> -> memref<4608xi8>
            aie.objectfifo.release @b_l1_1(Consume, 1)
          }
        }
      }
      aie.end
    } {dynamic_objfifo_lowering = true, stack_size = 2048 : i32}
    %program_0_2 = aie.core(%core_0_2) {
      %c_189 = arith.constant 0 : index
      %c_190 = arith.constant 1 : index
      %c_191 = arith.constant 9223372036854775807 : index
      scf.for %call_192 = %c_189 to %c_191 step %c_190 {
        %s_193 = aie.objectfifo.acquire @b_l1_2(Consume, 1) : !aie.objectfifosubview<memref<4608xi8>>
        %o_194 = aie.objectfifo.subview.access %s_193[0] : !aie.objectfifosubview<memref<4608xi8>> -> memref<4608xi8>
        func.call @take(%o_194, %memory_0_2) : (memref<4608xi8>, memref<6672xi32>) -> ()
        %c_195 = arith.constant 0 : index
        %n_196 = memref.load %memory_0_2[%c_195] : memref<6672xi32>
        %n_197 = arith.index_cast %n_196 : i32 to index
        %c_198 = arith.constant 36 : index
        %n_199 = memref.load %memory_0_2[%c_198] : memref<6672xi32>
        %n_200 = arith.index_cast %n_199 : i32 to index
        %c_201 = arith.constant 2 : index
        %n_202 = memref.load %memory_0_2[%c_201] : memref<6672xi32>
        %n_203 = arith.index_cast %n_202 : i32 to index
        aie.objectfifo.release @b_l1_2(Consume, 1)
        scf.for %p_204 = %c_189 to %n_197 step %c_190 {
          scf.for %t_205 = %c_189 to %n_200 step %c_190 {
            scf.for %q_206 = %c_189 to %n_203 step %c_190 {
              %i_207 = arith.addi %q_206, %c_190 : index
              %is_208 = arith.cmpi eq, %i_207, %n_203 : index
              %is_209 = arith.cmpi eq, %q_206, %c_189 : index
              %s_210 = aie.objectfifo.acquire @b_l1_2(Consume, 1) : !aie.objectfifosubview<memref<4608xi8>>
              %o_211 = aie.objectfifo.subview.access %s_210[0] : !aie.objectfifosubview<memref<4608xi8>> -> memref<4608xi8>
              %c_212 = arith.constant 62 : index
              %n_213 = memref.load %memory_0_2[%c_212] : memref<6672xi32>
              %n_214 = arith.index_cast %n_213 : i32 to index
              %i_215 = arith.select %is_209, %n_214, %c_189 : index
              %is_216 = arith.cmpi ne, %i_215, %c_189 : index
              scf.if %is_216 {
                func.call @keep(%o_211, %vectors_0_2) : (memref<4608xi8>, memref<512xi8>) -> ()
              }
              %c_217 = arith.constant 44 : index
              %n_218 = memref.load %memory_0_2[%c_217] : memref<6672xi32>
              %n_219 = arith.index_cast %n_218 : i32 to index
              scf.for %g_220 = %c_189 to %n_219 step %c_190 {
                %i_221 = arith.select %is_209, %c_190, %c_189 : index
                %c_222 = arith.constant 30 : index
                %n_223 = memref.load %memory_0_2[%c_222] : memref<6672xi32>
                %n_224 = arith.index_cast %n_223 : i32 to index
                %c_225 = arith.constant 64 : index
                %n_226 = memref.load %memory_0_2[%c_225] : memref<6672xi32>
                %n_227 = arith.index_cast %n_226 : i32 to index
                %c_228 = arith.constant 14 : index
                %n_229 = memref.load %memory_0_2[%c_228] : memref<6672xi32>
                %n_230 = arith.index_cast %n_229 : i32 to index
                %c_231 = arith.constant 12 : index
                %n_232 = memref.load %memory_0_2[%c_231] : memref<6672xi32>
                %n_233 = arith.index_cast %n_232 : i32 to index
                %i_234 = arith.select %is_209, %n_230, %n_233 : index
                scf.for %k_235 = %c_189 to %i_234 step %c_190 {
                  %is_236 = arith.cmpi eq, %k_235, %c_189 : index
                  %i_237 = arith.select %is_236, %n_224, %n_227 : index
                  %i_238 = arith.select %is_236, %i_221, %c_189 : index
                  scf.for %i_239 = %c_189 to %i_237 step %c_190 {
                    %s_240 = aie.objectfifo.acquire @a_l1_0(Consume, 1) : !aie.objectfifosubview<memref<10240xi8>>
                    %o_241 = aie.objectfifo.subview.access %s_240[0] : !aie.objectfifosubview<memref<10240xi8>> -> memref<10240xi8>
                    aie.objectfifo.release @a_l1_0(Consume, 1)
                  }
                  %s_242 = aie.objectfifo.acquire @a_l1_0(Consume, 1) : !aie.objectfifosubview<memref<10240xi8>>
                  %o_243 = aie.objectfifo.subview.access %s_242[0] : !aie.objectfifosubview<memref<10240xi8>> -> memref<10240xi8>
                  func.call @multiply(%o_243, %o_211, %memory_0_2, %c_189, %k_235, %i_238) : (memref<10240xi8>, memref<4608xi8>, memref<6672xi32>, index, index, index) -> ()
                  %c_244 = arith.constant 4 : index
                  %n_245 = memref.load %memory_0_2[%c_244] : memref<6672xi32>
                  %n_246 = arith.index_cast %n_245 : i32 to index
                  scf.for %o_247 = %c_190 to %n_246 step %c_190 {
                    aie.objectfifo.release @b_l1_2(Consume, 1)
                    %s_248 = aie.objectfifo.acquire @b_l1_2(Consume, 1) : !aie.objectfifosubview<memref<4608xi8>>
                    %o_249 = aie.objectfifo.subview.access %s_248[0] : !aie.objectfifosubview<memref<4608xi8>> -> memref<4608xi8>
                    func.call @multiply(%o_243, %o_249, %memory_0_2, %o_247, %c_189, %i_238) : (memref<10240xi8>, memref<4608xi8>, memref<6672xi32>, index, index, index) -> ()
                  }
                  aie.objectfifo.release @a_l1_0(Consume, 1)
                }
                %c_250 = arith.constant 34 : index
                %n_251 = memref.load %memory_0_2[%c_250] : memref<6672xi32>
                %n_252 = arith.index_cast %n_251 : i32 to index
                scf.for %i_253 = %c_189 to %n_252 step %c_190 {
                  %s_254 = aie.objectfifo.acquire @a_l1_0(Consume, 1) : !aie.objectfifosubview<memref<10240xi8>>
                  %o_255 = aie.objectfifo.subview.access %s_254[0] : !aie.objectfifosubview<memref<10240xi8>> -> memref<10240xi8>
                  aie.objectfifo.release @a_l1_0(Consume, 1)
                }
                %c_256 = arith.constant 60 : index
                %n_257 = memref.load %memory_0_2[%c_256] : memref<6672xi32>
                %n_258 = arith.index_cast %n_257 : i32 to index
                %is_259 = arith.cmpi ne, %n_258, %c_189 : index
                scf.if %is_259 {
                  aie.objectfifo.release @b_l1_2(Consume, 1)
                }
                scf.if %is_208 {
                  %c_260 = arith.constant 63 : index
                  %n_261 = memref.load %memory_0_2[%c_260] : memref<6672xi32>
                  %n_262 = arith.index_cast %n_261 : i32 to index
                  %is_263 = arith.cmpi ne, %n_262, %c_189 : index
                  scf.if %is_263 {
                    %s_264 = aie.objectfifo.acquire @b_l1_2(Consume, 1) : !aie.objectfifosubview<memref<4608xi8>>
                    %o_265 = aie.objectfifo.subview.access %s_264[0] : !aie.objectfifosubview<memref<4608xi8>> -> memref<4608xi8>
                    func.call @keep(%o_265, %vectors_0_2) : (memref<4608xi8>, memref<512xi8>) -> ()
                  }
                  %c_266 = arith.constant 5 : index
                  %n_267 = memref.load %memory_0_2[%c_266] : memref<6672xi32>
                  %n_268 = arith.index_cast %n_267 : i32 to index
                  scf.for %u_269 = %c_189 to %n_268 step %c_190 {
                    %s_270 = aie.objectfifo.acquire @c_l1_0_2(Produce, 1) : !aie.objectfifosubview<memref<2560xi8>>
                    %o_271 = aie.objectfifo.subview.access %s_270[0] : !aie.objectfifosubview<memref<2560xi8>> -> memref<2560xi8>
                    func.call @finish(%memory_0_2, %vectors_0_2, %o_271, %u_269) : (memref<6672xi32>, memref<512xi8>, memref<2560xi8>, index) -> ()
                    aie.objectfifo.release @c_l1_0_2(Produce, 1)
                  }
                }
              }
              %c_272 = arith.constant 61 : index
              %n_273 = memref.load %memory_0_2[%c_272] : memref<6672xi32>
              %n_274 = arith.index_cast %n_273 : i32 to index
              %i_275 = arith.select %is_208, %n_274, %c_189 : index
              %is_276 = arith.cmpi ne, %i_275, %c_189 : index
              scf.if %is_276 {
                aie.objectfifo.release @b_l1_2(Consume, 1)
              }
            }
          }
          %c_277 = arith.constant 52 : index
          %n_278 = memref.load %memory_0_2[%c_277] : memref<6672xi32>
          %n_279 = arith.index_cast %n_278 : i32 to index
          scf.for %t_280 = %c_189 to %n_279 step %c_190 {
            %s_281 = aie.objectfifo.acquire @b_l1_2(Consume, 1) : !aie.objectfifosubview<memref<4608xi8>>
            %o_282 = aie.objectfifo.subview.access %s_281[0] : !aie.objectfifosubview<memref<4608xi8>> -> memref<4608xi8>
            aie.objectfifo.release @b_l1_2(Consume, 1)
          }
        }
      }
      aie.end
    } {dynamic_objfifo_lowering = true, stack_size = 2048 : i32}
    %program_0_3 = aie.core(%core_0_3) {
      %c_283 = arith.constant 0 : index
      %c_284 = arith.constant 1 : index
      %c_285 = arith.constant 9223372036854775807 : index
      scf.for %call_286 = %c_283 to %c_285 step %c_284 {
        %s_287 = aie.objectfifo.acquire @b_l1_3(Consume, 1) : !aie.objectfifosubview<memref<4608xi8>>
        %o_288 = aie.objectfifo.subview.access %s_287[0] : !aie.objectfifosubview<memref<4608xi8>> -> memref<4608xi8>
        func.call @take(%o_288, %memory_0_3) : (memref<4608xi8>, memref<6672xi32>) -> ()
        %c_289 = arith.constant 0 : index
        %n_290 = memref.load %memory_0_3[%c_289] : memref<6672xi32>
        %n_291 = arith.index_cast %n_290 : i32 to index
        %c_292 = arith.constant 36 : index
        %n_293 = memref.load %memory_0_3[%c_292] : memref<6672xi32>
        %n_294 = arith.index_cast %n_293 : i32 to index
        %c_295 = arith.constant 2 : index
        %n_296 = memref.load %memory_0_3[%c_295] : memref<6672xi32>
        %n_297 = arith.index_cast %n_296 : i32 to index
        aie.objectfifo.release @b_l1_3(Consume, 1)
        scf.for %p_298 = %c_283 to %n_291 step %c_284 {
          scf.for %t_299 = %c_283 to %n_294 step %c_284 {
            scf.for %q_300 = %c_283 to %n_297 step %c_284 {
              %i_301 = arith.addi %q_300, %c_284 : index
              %is_302 = arith.cmpi eq, %i_301, %n_297 : index
              %is_303 = arith.cmpi eq, %q_300, %c_283 : index
              %s_304 = aie.objectfifo.acquire @b_l1_3(Consume, 1) : !aie.objectfifosubview<memref<4608xi8>>
              %o_305 = aie.objectfifo.subview.access %s_304[0] : !aie.objectfifosubview<memref<4608xi8>> -> memref<4608xi8>
              %c_306 = arith.constant 62 : index
              %n_307 = memref.load %memory_0_3[%c_306] : memref<6672xi32>
              %n_308 = arith.index_cast %n_307 : i32 to index
              %i_309 = arith.select %is_303, %n_308, %c_283 : index
              %is_310 = arith.cmpi ne, %i_309, %c_283 : index
              scf.if %is_310 {
                func.call @keep(%o_305, %vectors_0_3) : (memref<4608xi8>, memref<512xi8>) -> ()
              }
              %c_311 = arith.constant 44 : index
              %n_312 = memref.load %memory_0_3[%c_311] : memref<6672xi32>
              %n_313 = arith.index_cast %n_312 : i32 to index
              scf.for %g_314 = %c_283 to %n_313 step %c_284 {
                %i_315 = arith.select %is_303, %c_284, %c_283 : index
                %c_316 = arith.constant 31 : index
                %n_317 = memref.load %memory_0_3[%c_316] : memref<6672xi32>
                %n_318 = arith.index_cast %n_317 : i32 to index
                %c_319 = arith.constant 64 : index
                %n_320 = memref.load %memory_0_3[%c_319] : memref<6672xi32>
                %n_321 = arith.index_cast %n_320 : i32 to index
                %c_322 = arith.constant 14 : index
                %n_323 = memref.load %memory_0_3[%c_322] : memref<6672xi32>
                %n_324 = arith.index_cast %n_323 : i32 to index
                %c_325 = arith.constant 12 : index
                %n_326 = memref.load %memory_0_3[%c_325] : memref<6672xi32>
                %n_327 = arith.index_cast %n_326 : i32 to index
                %i_328 = arith.select %is_303, %n_324, %n_327 : index
                scf.for %k_329 = %c_283 to %i_328 step %c_284 {
                  %is_330 = arith.cmpi eq, %k_329, %c_283 : index
                  %i_331 = arith.select %is_330, %n_318, %n_321 : index
                  %i_332 = arith.select %is_330, %i_315, %c_283 : index
                  scf.for %i_333 = %c_283 to %i_331 step %c_284 {
                    %s_334 = aie.objectfifo.acquire @a_l1_0(Consume, 1) : !aie.objectfifosubview<memref<10240xi8>>
                    %o_335 = aie.objectfifo.subview.access %s_334[0] : !aie.objectfifosubview<memref<10240xi8>> -> memref<10240xi8>
                    aie.objectfifo.release @a_l1_0(Consume, 1)
                  }
                  %s_336 = aie.objectfifo.acquire @a_l1_0(Consume, 1) : !aie.objectfifosubview<memref<10240xi8>>
                  %o_337 = aie.objectfifo.subview.access %s_336[0] : !aie.objectfifosubview<memref<10240xi8>> -> memref<10240xi8>
                  func.call @multiply(%o_337, %o_305, %memory_0_3, %c_283, %k_329, %i_332) : (memref<10240xi8>, memref<4608xi8>, memref<6672xi32>, index, index, index) -> ()
                  %c_338 = arith.constant 4 : index
                  %n_339 = memref.load %memory_0_3[%c_338] : memref<6672xi32>
                  %n_340 = arith.index_cast %n_339 : i32 to index
                  scf.for %o_341 = %c_284 to %n_340 step %c_284 {
                    aie.objectfifo.release @b_l1_3(Consume, 1)
                    %s_342 = aie.objectfifo.acquire @b_l1_3(Consume, 1) : !aie.objectfifosubview<memref<4608xi8>>
                    %o_343 = aie.objectfifo.subview.access %s_342[0] : !aie.objectfifosubview<memref<4608xi8>> -> memref<4608xi8>
                    func.call @multiply(%o_337, %o_343, %memory_0_3, %o_341, %c_283, %i_332) : (memref<10240xi8>, memref<4608xi8>, memref<6672xi32>, index, index, index) -> ()
                  }
                  aie.objectfifo.release @a_l1_0(Consume, 1)
                }
                %c_344 = arith.constant 35 : index
                %n_345 = memref.load %memory_0_3[%c_344] : memref<6672xi32>
                %n_346 = arith.index_cast %n_345 : i32 to index
                scf.for %i_347 = %c_283 to %n_346 step %c_284 {
                  %s_348 = aie.objectfifo.acquire @a_l1_0(Consume, 1) : !aie.objectfifosubview<memref<10240xi8>>
                  %o_349 = aie.objectfifo.subview.access %s_348[0] : !aie.objectfifosubview<memref<10240xi8>> -> memref<10240xi8>
                  aie.objectfifo.release @a_l1_0(Consume, 1)
                }
                %c_350 = arith.constant 60 : index
                %n_351 = memref.load %memory_0_3[%c_350] : memref<6672xi32>
                %n_352 = arith.index_cast %n_351 : i32 to index
                %is_353 = arith.cmpi ne, %n_352, %c_283 : index
                scf.if %is_353 {
                  aie.objectfifo.release @b_l1_3(Consume, 1)
                }
                scf.if %is_302 {
                  %c_354 = arith.constant 63 : index
                  %n_355 = memref.load %memory_0_3[%c_354] : memref<6672xi32>
                  %n_356 = arith.index_cast %n_355 : i32 to index
                  %is_357 = arith.cmpi ne, %n_356, %c_283 : index
                  scf.if %is_357 {
                    %s_358 = aie.objectfifo.acquire @b_l1_3(Consume, 1) : !aie.objectfifosubview<memref<4608xi8>>
                    %o_359 = aie.objectfifo.subview.access %s_358[0] : !aie.objectfifosubview<memref<4608xi8>> -> memref<4608xi8>
                    func.call @keep(%o_359, %vectors_0_3) : (memref<4608xi8>, memref<512xi8>) -> ()
                  }
                  %c_360 = arith.constant 5 : index
                  %n_361 = memref.load %memory_0_3[%c_360] : memref<6672xi32>
                  %n_362 = arith.index_cast %n_361 : i32 to index
                  scf.for %u_363 = %c_283 to %n_362 step %c_284 {
                    %s_364 = aie.objectfifo.acquire @c_l1_0_3(Produce, 1) : !aie.objectfifosubview<memref<2560xi8>>
                    %o_365 = aie.objectfifo.subview.access %s_364[0] : !aie.objectfifosubview<memref<2560xi8>> -> memref<2560xi8>
                    func.call @finish(%memory_0_3, %vectors_0_3, %o_365, %u_363) : (memref<6672xi32>, memref<512xi8>, memref<2560xi8>, index) -> ()
                    aie.objectfifo.release @c_l1_0_3(Produce, 1)
                  }
                }
              }
              %c_366 = arith.constant 61 : index
              %n_367 = memref.load %memory_0_3[%c_366] : memref<6672xi32>
              %n_368 = arith.index_cast %n_367 : i32 to index
              %i_369 = arith.select %is_302, %n_368, %c_283 : index
              %is_370 = arith.cmpi ne, %i_369, %c_283 : index
              scf.if %is_370 {
                aie.objectfifo.release @b_l1_3(Consume, 1)
              }
            }
          }
          %c_371 = arith.constant 52 : index
          %n_372 = memref.load %memory_0_3[%c_371] : memref<6672xi32>
          %n_373 = arith.index_cast %n_372 : i32 to index
          scf.for %t_374 = %c_283 to %n_373 step %c_284 {
            %s_375 = aie.objectfifo.acquire @b_l1_3(Consume, 1) : !aie.objectfifosubview<memref<4608xi8>>
            %o_376 = aie.objectfifo.subview.access %s_375[0] : !aie.objectfifosubview<memref<4608xi8>> -> memref<4608xi8>
            aie.objectfifo.release @b_l1_3(Consume, 1)
          }
        }
      }
      aie.end
    } {dynamic_objfifo_lowering = true, stack_size = 2048 : i32}
    aie.runtime_sequence @sequence(%lhs: memref<3520xi8>, %weights: memref<27648xi8>, %result: memref<2048xi8>) {
      aiex.npu.dma_memcpy_nd(%lhs[0, 0, 0, 0][4, 1, 1, 2560][320, 0, 0, 1]) {id = 0 : i64, issue_token = true, metadata = @a_l3_0} : memref<3520xi8>
      aiex.npu.dma_memcpy_nd(%weights[0, 0, 0, 0][2, 2, 2, 2304][0, 13824, 2304, 1]) {id = 4 : i64, issue_token = true, metadata = @b_l3_0} : memref<27648xi8>
      aiex.npu.dma_memcpy_nd(%weights[0, 0, 0, 4608][2, 2, 2, 2304][0, 13824, 2304, 1]) {id = 5 : i64, issue_token = true, metadata = @b_l3_0} : memref<27648xi8>
      aiex.npu.dma_memcpy_nd(%weights[0, 0, 0, 9216][2, 2, 2, 2304][0, 13824, 2304, 1]) {id = 6 : i64, issue_token = true, metadata = @b_l3_0} : memref<27648xi8>
      aiex.npu.dma_memcpy_nd(%result[0, 0, 0, 0][2, 4, 40, 16][16, 256, 32, 1]) {id = 8 : i64, issue_token = true, metadata = @c_l3_0} : memref<2048xi8>
      aiex.npu.dma_memcpy_nd(%result[0, 0, 0, 0][2, 4, 40, 16][16, 256, 32, 1]) {id = 9 : i64, issue_token = true, metadata = @c_l3_0} : memref<2048xi8>
      aiex.npu.dma_wait {symbol = @a_l3_0}
      aiex.npu.dma_wait {symbol = @b_l3_0}
      aiex.npu.dma_wait {symbol = @b_l3_0}
      aiex.npu.dma_wait {symbol = @b_l3_0}
      aiex.npu.dma_wait {symbol = @c_l3_0}
      aiex.npu.dma_wait {symbol = @c_l3_0}
    }
  }
}
