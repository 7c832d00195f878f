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
              %c_24 = arith.constant 60 : index
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
                %c_37 = arith.constant 62 : index
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
                %c_68 = arith.constant 61 : index
                %n_69 = memref.load %memory_0_0[%c_68] : memref<6672xi32>
                %n_70 = arith.index_cast %n_69 : i32 to index
                %i_71 = arith.select %is_20, %n_70, %c_1 : index
                %is_72 = arith.cmpi ne, %i_71, %c_1 : index
                scf.if %is_72 {
                  %s_73 = aie.objectfifo.acquire @b_l1_0(Consume, 2) : !aie.objectfifosubview<memref<4608xi8>>
                  %o_74 = aie.objectfifo.subview.access %s_73[1] : !aie.objectfifosubview<memref<4608xi8>> -> memref<4608xi8>
                  func.call @keep(%o_74, %vectors_0_0) : (memref<4608xi8>, memref<512xi8>) -> ()
                  aie.objectfifo.release @b_l1_0(Consume, 1)
                }
                %c_75 = arith.constant 5 : index
                %n_76 = memref.load %memory_0_0[%c_75] : memref<6672xi32>
                %n_77 = arith.index_cast %n_76 : i32 to index
                %i_78 = arith.select %is_20, %n_77, %c_1 : index
                scf.for %u_79 = %c_1 to %i_78 step %c_2 {
                  %s_80 = aie.objectfifo.acquire @c_l1_0_0(Produce, 1) : !aie.objectfifosubview<memref<2560xi8>>
                  %o_81 = aie.objectfifo.subview.access %s_80[0] : !aie.objectfifosubview<memref<2560xi8>> -> memref<2560xi8>
                  func.call @finish(%memory_0_0, %vectors_0_0, %o_81, %u_79) : (memref<6672xi32>, memref<512xi8>, memref<2560xi8>, index) -> ()
                  aie.objectfifo.release @c_l1_0_0(Produce, 1)
                }
              }
              aie.objectfifo.release @b_l1_0(Consume, 1)
            }
          }
          %c_82 = arith.constant 52 : index
          %n_83 = memref.load %memory_0_0[%c_82] : memref<6672xi32>
          %n_84 = arith.index_cast %n_83 : i32 to index
          scf.for %t_85 = %c_1 to %n_84 step %c_2 {
            %s_86 = aie.objectfifo.acquire @b_l1_0(Consume, 1) : !aie.objectfifosubview<memref<4608xi8>>
            %o_87 = aie.objectfifo.subview.access %s_86[0] : !aie.objectfifosubview<memref<4608xi8>> -> memref<4608xi8>
            aie.objectfifo.release @b_l1_0(Consume, 1)
          }
        }
      }
      aie.end
    } {dynamic_objfifo_lowering = true, stack_size = 2048 : i32}
    %program_0_1 = aie.core(%core_0_1) {
      %c_88 = arith.constant 0 : index
      %c_89 = arith.constant 1 : index
      %c_90 = arith.constant 9223372036854775807 : index
      scf.for %call_91 = %c_88 to %c_90 step %c_89 {
        %s_92 = aie.objectfifo.acquire @b_l1_1(Consume, 1) : !aie.objectfifosubview<memref<4608xi8>>
        %o_93 = aie.objectfifo.subview.access %s_92[0] : !aie.objectfifosubview<memref<4608xi8>> -> memref<4608xi8>
        func.call @take(%o_93, %memory_0_1) : (memref<4608xi8>, memref<6672xi32>) -> ()
        %c_94 = arith.constant 0 : index
        %n_95 = memref.load %memory_0_1[%c_94] : memref<6672xi32>
        %n_96 = arith.index_cast %n_95 : i32 to index
        %c_97 = arith.constant 36 : index
        %n_98 = memref.load %memory_0_1[%c_97] : memref<6672xi32>
        %n_99 = arith.index_cast %n_98 : i32 to index
        %c_100 = arith.constant 2 : index
        %n_101 = memref.load %memory_0_1[%c_100] : memref<6672xi32>
        %n_102 = arith.index_cast %n_101 : i32 to index
        aie.objectfifo.release @b_l1_1(Consume, 1)
        scf.for %p_103 = %c_88 to %n_96 step %c_89 {
          scf.for %t_104 = %c_88 to %n_99 step %c_89 {
            scf.for %q_105 = %c_88 to %n_102 step %c_89 {
              %i_106 = arith.addi %q_105, %c_89 : index
              %is_107 = arith.cmpi eq, %i_106, %n_102 : index
              %is_108 = arith.cmpi eq, %q_105, %c_88 : index
              %s_109 = aie.objectfifo.acquire @b_l1_1(Consume, 1) : !aie.objectfifosubview<memref<4608xi8>>
              %o_110 = aie.objectfifo.subview.access %s_109[0] : !aie.objectfifosubview<memref<4608xi8>> -> memref<4608xi8>
              %c_111 = arith.constant 60 : index
              %n_112 = memref.load %memory_0_1[%c_111] : memref<6672xi32>
              %n_113 = arith.index_cast %n_112 : i32 to index
              %i_114 = arith.select %is_108, %n_113, %c_88 : index
              %is_115 = arith.cmpi ne, %i_114, %c_88 : index
              scf.if %is_115 {
                func.call @keep(%o_110, %vectors_0_1) : (memref<4608xi8>, memref<512xi8>) -> ()
              }
              %c_116 = arith.constant 44 : index
              %n_117 = memref.load %memory_0_1[%c_116] : memref<6672xi32>
              %n_118 = arith.index_cast %n_117 : i32 to index
              scf.for %g_119 = %c_88 to %n_118 step %c_89 {
                %i_120 = arith.select %is_108, %c_89, %c_88 : index
                %c_121 = arith.constant 29 : index
                %n_122 = memref.load %memory_0_1[%c_121] : memref<6672xi32>
                %n_123 = arith.index_cast %n_122 : i32 to index
                %c_124 = arith.constant 62 : index
                %n_125 = memref.load %memory_0_1[%c_124] : memref<6672xi32>
                %n_126 = arith.index_cast %n_125 : i32 to index
                %c_127 = arith.constant 14 : index
                %n_128 = memref.load %memory_0_1[%c_127] : memref<6672xi32>
                %n_129 = arith.index_cast %n_128 : i32 to index
                %c_130 = arith.constant 12 : index
                %n_131 = memref.load %memory_0_1[%c_130] : memref<6672xi32>
                %n_132 = arith.index_cast %n_131 : i32 to index
                %i_133 = arith.select %is_108, %n_129, %n_132 : index
                scf.for %k_134 = %c_88 to %i_133 step %c_89 {
                  %is_135 = arith.cmpi eq, %k_134, %c_88 : index
                  %i_136 = arith.select %is_135, %n_123, %n_126 : index
                  %i_137 = arith.select %is_135, %i_120, %c_88 : index
                  scf.for %i_138 = %c_88 to %i_136 step %c_89 {
                    %s_139 = aie.objectfifo.acquire @a_l1_0(Consume, 1) : !aie.objectfifosubview<memref<10240xi8>>
                    %o_140 = aie.objectfifo.subview.access %s_139[0] : !aie.objectfifosubview<memref<10240xi8>> -> memref<10240xi8>
                    aie.objectfifo.release @a_l1_0(Consume, 1)
                  }
                  %s_141 = aie.objectfifo.acquire @a_l1_0(Consume, 1) : !aie.objectfifosubview<memref<10240xi8>>
                  %o_142 = aie.objectfifo.subview.access %s_141[0] : !aie.objectfifosubview<memref<10240xi8>> -> memref<10240xi8>
                  func.call @multiply(%o_142, %o_110, %memory_0_1, %c_88, %k_134, %i_137) : (memref<10240xi8>, memref<4608xi8>, memref<6672xi32>, index, index, index) -> ()
                  %c_143 = arith.constant 4 : index
                  %n_144 = memref.load %memory_0_1[%c_143] : memref<6672xi32>
                  %n_145 = arith.index_cast %n_144 : i32 to index
                  scf.for %o_146 = %c_89 to %n_145 step %c_89 {
                    aie.objectfifo.release @b_l1_1(Consume, 1)
                    %s_147 = aie.objectfifo.acquire @b_l1_1(Consume, 1) : !aie.objectfifosubview<memref<4608xi8>>
                    %o_148 = aie.objectfifo.subview.access %s_147[0] : !aie.objectfifosubview<memref<4608xi8>> -> memref<4608xi8>
                    func.call @multiply(%o_142, %o_148, %memory_0_1, %o_146, %c_88, %i_137) : (memref<10240xi8>, memref<4608xi8>, memref<6672xi32>, index, index, index) -> ()
                  }
                  aie.objectfifo.release @a_l1_0(Consume, 1)
                }
                %c_149 = arith.constant 33 : index
                %n_150 = memref.load %memory_0_1[%c_149] : memref<6672xi32>
                %n_151 = arith.index_cast %n_150 : i32 to index
                scf.for %i_152 = %c_88 to %n_151 step %c_89 {
                  %s_153 = aie.objectfifo.acquire @a_l1_0(Consume, 1) : !aie.objectfifosubview<memref<10240xi8>>
                  %o_154 = aie.objectfifo.subview.access %s_153[0] : !aie.objectfifosubview<memref<10240xi8>> -> memref<10240xi8>
                  aie.objectfifo.release @a_l1_0(Consume, 1)
                }
                %c_155 = arith.constant 61 : index
                %n_156 = memref.load %memory_0_1[%c_155] : memref<6672xi32>
                %n_157 = arith.index_cast %n_156 : i32 to index
                %i_158 = arith.select %is_107, %n_157, %c_88 : index
                %is_159 = arith.cmpi ne, %i_158, %c_88 : index
                scf.if %is_159 {
                  %s_160 = aie.objectfifo.acquire @b_l1_1(Consume, 2) : !aie.objectfifosubview<memref<4608xi8>>
                  %o_161 = aie.objectfifo.subview.access %s_160[1] : !aie.objectfifosubview<memref<4608xi8>> -> memref<4608xi8>
                  func.call @keep(%o_161, %vectors_0_1) : (memref<4608xi8>, memref<512xi8>) -> ()
                  aie.objectfifo.release @b_l1_1(Consume, 1)
                }
                %c_162 = arith.constant 5 : index
                %n_163 = memref.load %memory_0_1[%c_162] : memref<6672xi32>
                %n_164 = arith.index_cast %n_163 : i32 to index
                %i_165 = arith.select %is_107, %n_164, %c_88 : index
                scf.for %u_166 = %c_88 to %i_165 step %c_89 {
                  %s_167 = aie.objectfifo.acquire @c_l1_0_1(Produce, 1) : !aie.objectfifosubview<memref<2560xi8>>
                  %o_168 = aie.objectfifo.subview.access %s_167[0] : !aie.objectfifosubview<memref<2560xi8>> -> memref<2560xi8>
                  func.call @finish(%memory_0_1, %vectors_0_1, %o_168, %u_166) : (memref<6672xi32>, memref<512xi8>, memref<2560xi8>, index) -> ()
                  aie.objectfifo.release @c_l1_0_1(Produce, 1)
                }
              }
              aie.objectfifo.release @b_l1_1(Consume, 1)
            }
          }
          %c_169 = arith.constant 52 : index
          %n_170 = memref.load %memory_0_1[%c_169] : memref<6672xi32>
          %n_171 = arith.index_cast %n_170 : i32 to index
          scf.for %t_172 = %c_88 to %n_171 step %c_89 {
            %s_173 = aie.objectfifo.acquire @b_l1_1(Consume, 1) : !aie.objectfifosubview<memref<4608xi8>>
            %o_174 = aie.objectfifo.subview.access %s_173[0] : !aie.objectfifosubview<memref<4608xi8>> -> memref<4608xi8>
            aie.objectfifo.release @b_l1_1(Consume, 1)
          }
        }
      }
      aie.end
    } {dynamic_objfifo_lowering = true, stack_size = 2048 : i32}
    %program_0_2 = aie.core(%core_0_2) {
      %c_175 = arith.constant 0 : index
      %c_176 = arith.constant 1 : index
      %c_177 = arith.constant 9223372036854775807 : index
      scf.for %call_178 = %c_175 to %c_177 step %c_176 {
        %s_179 = aie.objectfifo.acquire @b_l1_2(Consume, 1) : !aie.objectfifosubview<memref<4608xi8>>
        %o_180 = aie.objectfifo.subview.access %s_179[0] : !aie.objectfifosubview<memref<4608xi8>> -> memref<4608xi8>
        func.call @take(%o_180, %memory_0_2) : (memref<4608xi8>, memref<6672xi32>) -> ()
        %c_181 = arith.constant 0 : index
        %n_182 = memref.load %memory_0_2[%c_181] : memref<6672xi32>
        %n_183 = arith.index_cast %n_182 : i32 to index
        %c_184 = arith.constant 36 : index
        %n_185 = memref.load %memory_0_2[%c_184] : memref<6672xi32>
        %n_186 = arith.index_cast %n_185 : i32 to index
        %c_187 = arith.constant 2 : index
        %n_188 = memref.load %memory_0_2[%c_187] : memref<6672xi32>
        %n_189 = arith.index_cast %n_188 : i32 to index
        aie.objectfifo.release @b_l1_2(Consume, 1)
        scf.for %p_190 = %c_175 to %n_183 step %c_176 {
          scf.for %t_191 = %c_175 to %n_186 step %c_176 {
            scf.for %q_192 = %c_175 to %n_189 step %c_176 {
              %i_193 = arith.addi %q_192, %c_176 : index
              %is_194 = arith.cmpi eq, %i_193, %n_189 : index
              %is_195 = arith.cmpi eq, %q_192, %c_175 : index
              %s_196 = aie.objectfifo.acquire @b_l1_2(Consume, 1) : !aie.objectfifosubview<memref<4608xi8>>
              %o_197 = aie.objectfifo.subview.access %s_196[0] : !aie.objectfifosubview<memref<4608xi8>> -> memref<4608xi8>
              %c_198 = arith.constant 60 : index
              %n_199 = memref.load %memory_0_2[%c_198] : memref<6672xi32>
              %n_200 = arith.index_cast %n_199 : i32 to index
              %i_201 = arith.select %is_195, %n_200, %c_175 : index
              %is_202 = arith.cmpi ne, %i_201, %c_175 : index
              scf.if %is_202 {
                func.call @keep(%o_197, %vectors_0_2) : (memref<4608xi8>, memref<512xi8>) -> ()
              }
              %c_203 = arith.constant 44 : index
              %n_204 = memref.load %memory_0_2[%c_203] : memref<6672xi32>
              %n_205 = arith.index_cast %n_204 : i32 to index
              scf.for %g_206 = %c_175 to %n_205 step %c_176 {
                %i_207 = arith.select %is_195, %c_176, %c_175 : index
                %c_208 = arith.constant 30 : index
                %n_209 = memref.load %memory_0_2[%c_208] : memref<6672xi32>
                %n_210 = arith.index_cast %n_209 : i32 to index
                %c_211 = arith.constant 62 : index
                %n_212 = memref.load %memory_0_2[%c_211] : memref<6672xi32>
                %n_213 = arith.index_cast %n_212 : i32 to index
                %c_214 = arith.constant 14 : index
                %n_215 = memref.load %memory_0_2[%c_214] : memref<6672xi32>
                %n_216 = arith.index_cast %n_215 : i32 to index
                %c_217 = arith.constant 12 : index
                %n_218 = memref.load %memory_0_2[%c_217] : memref<6672xi32>
                %n_219 = arith.index_cast %n_218 : i32 to index
                %i_220 = arith.select %is_195, %n_216, %n_219 : index
                scf.for %k_221 = %c_175 to %i_220 step %c_176 {
                  %is_222 = arith.cmpi eq, %k_221, %c_175 : index
                  %i_223 = arith.select %is_222, %n_210, %n_213 : index
                  %i_224 = arith.select %is_222, %i_207, %c_175 : index
                  scf.for %i_225 = %c_175 to %i_223 step %c_176 {
                    %s_226 = aie.objectfifo.acquire @a_l1_0(Consume, 1) : !aie.objectfifosubview<memref<10240xi8>>
                    %o_227 = aie.objectfifo.subview.access %s_226[0] : !aie.objectfifosubview<memref<10240xi8>> -> memref<10240xi8>
                    aie.objectfifo.release @a_l1_0(Consume, 1)
                  }
                  %s_228 = aie.objectfifo.acquire @a_l1_0(Consume, 1) : !aie.objectfifosubview<memref<10240xi8>>
                  %o_229 = aie.objectfifo.subview.access %s_228[0] : !aie.objectfifosubview<memref<10240xi8>> -> memref<10240xi8>
                  func.call @multiply(%o_229, %o_197, %memory_0_2, %c_175, %k_221, %i_224) : (memref<10240xi8>, memref<4608xi8>, memref<6672xi32>, index, index, index) -> ()
                  %c_230 = arith.constant 4 : index
                  %n_231 = memref.load %memory_0_2[%c_230] : memref<6672xi32>
                  %n_232 = arith.index_cast %n_231 : i32 to index
                  scf.for %o_233 = %c_176 to %n_232 step %c_176 {
                    aie.objectfifo.release @b_l1_2(Consume, 1)
                    %s_234 = aie.objectfifo.acquire @b_l1_2(Consume, 1) : !aie.objectfifosubview<memref<4608xi8>>
                    %o_235 = aie.objectfifo.subview.access %s_234[0] : !aie.objectfifosubview<memref<4608xi8>> -> memref<4608xi8>
                    func.call @multiply(%o_229, %o_235, %memory_0_2, %o_233, %c_175, %i_224) : (memref<10240xi8>, memref<4608xi8>, memref<6672xi32>, index, index, index) -> ()
                  }
                  aie.objectfifo.release @a_l1_0(Consume, 1)
                }
                %c_236 = arith.constant 34 : index
                %n_237 = memref.load %memory_0_2[%c_236] : memref<6672xi32>
                %n_238 = arith.index_cast %n_237 : i32 to index
                scf.for %i_239 = %c_175 to %n_238 step %c_176 {
                  %s_240 = aie.objectfifo.acquire @a_l1_0(Consume, 1) : !aie.objectfifosubview<memref<10240xi8>>
                  %o_241 = aie.objectfifo.subview.access %s_240[0] : !aie.objectfifosubview<memref<10240xi8>> -> memref<10240xi8>
                  aie.objectfifo.release @a_l1_0(Consume, 1)
                }
                %c_242 = arith.constant 61 : index
                %n_243 = memref.load %memory_0_2[%c_242] : memref<6672xi32>
                %n_244 = arith.index_cast %n_243 : i32 to index
                %i_245 = arith.select %is_194, %n_244, %c_175 : index
                %is_246 = arith.cmpi ne, %i_245, %c_175 : index
                scf.if %is_246 {
                  %s_247 = aie.objectfifo.acquire @b_l1_2(Consume, 2) : !aie.objectfifosubview<memref<4608xi8>>
                  %o_248 = aie.objectfifo.subview.access %s_247[1] : !aie.objectfifosubview<memref<4608xi8>> -> memref<4608xi8>
                  func.call @keep(%o_248, %vectors_0_2) : (memref<4608xi8>, memref<512xi8>) -> ()
                  aie.objectfifo.release @b_l1_2(Consume, 1)
                }
                %c_249 = arith.constant 5 : index
                %n_250 = memref.load %memory_0_2[%c_249] : memref<6672xi32>
                %n_251 = arith.index_cast %n_250 : i32 to index
                %i_252 = arith.select %is_194, %n_251, %c_175 : index
                scf.for %u_253 = %c_175 to %i_252 step %c_176 {
                  %s_254 = aie.objectfifo.acquire @c_l1_0_2(Produce, 1) : !aie.objectfifosubview<memref<2560xi8>>
                  %o_255 = aie.objectfifo.subview.access %s_254[0] : !aie.objectfifosubview<memref<2560xi8>> -> memref<2560xi8>
                  func.call @finish(%memory_0_2, %vectors_0_2, %o_255, %u_253) : (memref<6672xi32>, memref<512xi8>, memref<2560xi8>, index) -> ()
                  aie.objectfifo.release @c_l1_0_2(Produce, 1)
                }
              }
              aie.objectfifo.release @b_l1_2(Consume, 1)
            }
          }
          %c_256 = arith.constant 52 : index
          %n_257 = memref.load %memory_0_2[%c_256] : memref<6672xi32>
          %n_258 = arith.index_cast %n_257 : i32 to index
          scf.for %t_259 = %c_175 to %n_258 step %c_176 {
            %s_260 = aie.objectfifo.acquire @b_l1_2(Consume, 1) : !aie.objectfifosubview<memref<4608xi8>>
            %o_261 = aie.objectfifo.subview.access %s_260[0] : !aie.objectfifosubview<memref<4608xi8>> -> memref<4608xi8>
            aie.objectfifo.release @b_l1_2(Consume, 1)
          }
        }
      }
      aie.end
    } {dynamic_objfifo_lowering = true, stack_size = 2048 : i32}
    %program_0_3 = aie.core(%core_0_3) {
      %c_262 = arith.constant 0 : index
      %c_263 = arith.constant 1 : index
      %c_264 = arith.constant 9223372036854775807 : index
      scf.for %call_265 = %c_262 to %c_264 step %c_263 {
        %s_266 = aie.objectfifo.acquire @b_l1_3(Consume, 1) : !aie.objectfifosubview<memref<4608xi8>>
        %o_267 = aie.objectfifo.subview.access %s_266[0] : !aie.objectfifosubview<memref<4608xi8>> -> memref<4608xi8>
        func.call @take(%o_267, %memory_0_3) : (memref<4608xi8>, memref<6672xi32>) -> ()
        %c_268 = arith.constant 0 : index
        %n_269 = memref.load %memory_0_3[%c_268] : memref<6672xi32>
        %n_270 = arith.index_cast %n_269 : i32 to index
        %c_271 = arith.constant 36 : index
        %n_272 = memref.load %memory_0_3[%c_271] : memref<6672xi32>
        %n_273 = arith.index_cast %n_272 : i32 to index
        %c_274 = arith.constant 2 : index
        %n_275 = memref.load %memory_0_3[%c_274] : memref<6672xi32>
        %n_276 = arith.index_cast %n_275 : i32 to index
        aie.objectfifo.release @b_l1_3(Consume, 1)
        scf.for %p_277 = %c_262 to %n_270 step %c_263 {
          scf.for %t_278 = %c_262 to %n_273 step %c_263 {
            scf.for %q_279 = %c_262 to %n_276 step %c_263 {
              %i_280 = arith.addi %q_279, %c_263 : index
              %is_281 = arith.cmpi eq, %i_280, %n_276 : index
              %is_282 = arith.cmpi eq, %q_279, %c_262 : index
              %s_283 = aie.objectfifo.acquire @b_l1_3(Consume, 1) : !aie.objectfifosubview<memref<4608xi8>>
              %o_284 = aie.objectfifo.subview.access %s_283[0] : !aie.objectfifosubview<memref<4608xi8>> -> memref<4608xi8>
              %c_285 = arith.constant 60 : index
              %n_286 = memref.load %memory_0_3[%c_285] : memref<6672xi32>
              %n_287 = arith.index_cast %n_286 : i32 to index
              %i_288 = arith.select %is_282, %n_287, %c_262 : index
              %is_289 = arith.cmpi ne, %i_288, %c_262 : index
              scf.if %is_289 {
                func.call @keep(%o_284, %vectors_0_3) : (memref<4608xi8>, memref<512xi8>) -> ()
              }
              %c_290 = arith.constant 44 : index
              %n_291 = memref.load %memory_0_3[%c_290] : memref<6672xi32>
              %n_292 = arith.index_cast %n_291 : i32 to index
              scf.for %g_293 = %c_262 to %n_292 step %c_263 {
                %i_294 = arith.select %is_282, %c_263, %c_262 : index
                %c_295 = arith.constant 31 : index
                %n_296 = memref.load %memory_0_3[%c_295] : memref<6672xi32>
                %n_297 = arith.index_cast %n_296 : i32 to index
                %c_298 = arith.constant 62 : index
                %n_299 = memref.load %memory_0_3[%c_298] : memref<6672xi32>
                %n_300 = arith.index_cast %n_299 : i32 to index
                %c_301 = arith.constant 14 : index
                %n_302 = memref.load %memory_0_3[%c_301] : memref<6672xi32>
                %n_303 = arith.index_cast %n_302 : i32 to index
                %c_304 = arith.constant 12 : index
                %n_305 = memref.load %memory_0_3[%c_304] : memref<6672xi32>
                %n_306 = arith.index_cast %n_305 : i32 to index
                %i_307 = arith.select %is_282, %n_303, %n_306 : index
                scf.for %k_308 = %c_262 to %i_307 step %c_263 {
                  %is_309 = arith.cmpi eq, %k_308, %c_262 : index
                  %i_310 = arith.select %is_309, %n_297, %n_300 : index
                  %i_311 = arith.select %is_309, %i_294, %c_262 : index
                  scf.for %i_312 = %c_262 to %i_310 step %c_263 {
                    %s_313 = aie.objectfifo.acquire @a_l1_0(Consume, 1) : !aie.objectfifosubview<memref<10240xi8>>
                    %o_314 = aie.objectfifo.subview.access %s_313[0] : !aie.objectfifosubview<memref<10240xi8>> -> memref<10240xi8>
                    aie.objectfifo.release @a_l1_0(Consume, 1)
                  }
                  %s_315 = aie.objectfifo.acquire @a_l1_0(Consume, 1) : !aie.objectfifosubview<memref<10240xi8>>
                  %o_316 = aie.objectfifo.subview.access %s_315[0] : !aie.objectfifosubview<memref<10240xi8>> -> memref<10240xi8>
                  func.call @multiply(%o_316, %o_284, %memory_0_3, %c_262, %k_308, %i_311) : (memref<10240xi8>, memref<4608xi8>, memref<6672xi32>, index, index, index) -> ()
                  %c_317 = arith.constant 4 : index
                  %n_318 = memref.load %memory_0_3[%c_317] : memref<6672xi32>
                  %n_319 = arith.index_cast %n_318 : i32 to index
                  scf.for %o_320 = %c_263 to %n_319 step %c_263 {
                    aie.objectfifo.release @b_l1_3(Consume, 1)
                    %s_321 = aie.objectfifo.acquire @b_l1_3(Consume, 1) : !aie.objectfifosubview<memref<4608xi8>>
                    %o_322 = aie.objectfifo.subview.access %s_321[0] : !aie.objectfifosubview<memref<4608xi8>> -> memref<4608xi8>
                    func.call @multiply(%o_316, %o_322, %memory_0_3, %o_320, %c_262, %i_311) : (memref<10240xi8>, memref<4608xi8>, memref<6672xi32>, index, index, index) -> ()
                  }
                  aie.objectfifo.release @a_l1_0(Consume, 1)
                }
                %c_323 = arith.constant 35 : index
                %n_324 = memref.load %memory_0_3[%c_323] : memref<6672xi32>
                %n_325 = arith.index_cast %n_324 : i32 to index
                scf.for %i_326 = %c_262 to %n_325 step %c_263 {
                  %s_327 = aie.objectfifo.acquire @a_l1_0(Consume, 1) : !aie.objectfifosubview<memref<10240xi8>>
                  %o_328 = aie.objectfifo.subview.access %s_327[0] : !aie.objectfifosubview<memref<10240xi8>> -> memref<10240xi8>
                  aie.objectfifo.release @a_l1_0(Consume, 1)
                }
                %c_329 = arith.constant 61 : index
                %n_330 = memref.load %memory_0_3[%c_329] : memref<6672xi32>
                %n_331 = arith.index_cast %n_330 : i32 to index
                %i_332 = arith.select %is_281, %n_331, %c_262 : index
                %is_333 = arith.cmpi ne, %i_332, %c_262 : index
                scf.if %is_333 {
                  %s_334 = aie.objectfifo.acquire @b_l1_3(Consume, 2) : !aie.objectfifosubview<memref<4608xi8>>
                  %o_335 = aie.objectfifo.subview.access %s_334[1] : !aie.objectfifosubview<memref<4608xi8>> -> memref<4608xi8>
                  func.call @keep(%o_335, %vectors_0_3) : (memref<4608xi8>, memref<512xi8>) -> ()
                  aie.objectfifo.release @b_l1_3(Consume, 1)
                }
                %c_336 = arith.constant 5 : index
                %n_337 = memref.load %memory_0_3[%c_336] : memref<6672xi32>
                %n_338 = arith.index_cast %n_337 : i32 to index
                %i_339 = arith.select %is_281, %n_338, %c_262 : index
                scf.for %u_340 = %c_262 to %i_339 step %c_263 {
                  %s_341 = aie.objectfifo.acquire @c_l1_0_3(Produce, 1) : !aie.objectfifosubview<memref<2560xi8>>
                  %o_342 = aie.objectfifo.subview.access %s_341[0] : !aie.objectfifosubview<memref<2560xi8>> -> memref<2560xi8>
                  func.call @finish(%memory_0_3, %vectors_0_3, %o_342, %u_340) : (memref<6672xi32>, memref<512xi8>, memref<2560xi8>, index) -> ()
                  aie.objectfifo.release @c_l1_0_3(Produce, 1)
                }
              }
              aie.objectfifo.release @b_l1_3(Consume, 1)
            }
          }
          %c_343 = arith.constant 52 : index
          %n_344 = memref.load %memory_0_3[%c_343] : memref<6672xi32>
          %n_345 = arith.index_cast %n_344 : i32 to index
          scf.for %t_346 = %c_262 to %n_345 step %c_263 {
            %s_347 = aie.objectfifo.acquire @b_l1_3(Consume, 1) : !aie.objectfifosubview<memref<4608xi8>>
            %o_348 = aie.objectfifo.subview.access %s_347[0] : !aie.objectfifosubview<memref<4608xi8>> -> memref<4608xi8>
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
