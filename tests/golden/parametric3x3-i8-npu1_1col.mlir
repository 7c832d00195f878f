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
        %pixel_table_0 = arith.constant 100 : index
        %at_0 = arith.addi %group, %pixel_table_0 : index
        %pixel_word_0 = memref.load %c[%at_0] : memref<6672xi32>
        %pixel_a_0 = arith.index_cast %pixel_word_0 : i32 to index
        %pixel_table_1 = arith.constant 101 : index
        %at_1 = arith.addi %group, %pixel_table_1 : index
        %pixel_word_1 = memref.load %c[%at_1] : memref<6672xi32>
        %pixel_a_1 = arith.index_cast %pixel_word_1 : i32 to index
        %pixel_table_2 = arith.constant 102 : index
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
            %step_table = arith.constant 64 : index
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
              %is_19 = arith.cmpi eq, %q_18, %c_1 : index
              %i_20 = arith.select %is_19, %c_2, %c_1 : index
              %s_21 = aie.objectfifo.acquire @b_l1_0(Consume, 1) : !aie.objectfifosubview<memref<4608xi8>>
              %o_22 = aie.objectfifo.subview.access %s_21[0] : !aie.objectfifosubview<memref<4608xi8>> -> memref<4608xi8>
              %c_23 = arith.constant 52 : index
              %n_24 = memref.load %memory_0_0[%c_23] : memref<6672xi32>
              %n_25 = arith.index_cast %n_24 : i32 to index
              %i_26 = arith.select %is_19, %n_25, %c_1 : index
              scf.for %v_27 = %c_1 to %i_26 step %c_2 {
                func.call @keep(%o_22, %vectors_0_0) : (memref<4608xi8>, memref<512xi8>) -> ()
              }
              %c_28 = arith.constant 28 : index
              %n_29 = memref.load %memory_0_0[%c_28] : memref<6672xi32>
              %n_30 = arith.index_cast %n_29 : i32 to index
              %c_31 = arith.constant 54 : index
              %n_32 = memref.load %memory_0_0[%c_31] : memref<6672xi32>
              %n_33 = arith.index_cast %n_32 : i32 to index
              %c_34 = arith.constant 14 : index
              %n_35 = memref.load %memory_0_0[%c_34] : memref<6672xi32>
              %n_36 = arith.index_cast %n_35 : i32 to index
              %c_37 = arith.constant 12 : index
              %n_38 = memref.load %memory_0_0[%c_37] : memref<6672xi32>
              %n_39 = arith.index_cast %n_38 : i32 to index
              %i_40 = arith.select %is_19, %n_36, %n_39 : index
              scf.for %k_41 = %c_1 to %i_40 step %c_2 {
                %is_42 = arith.cmpi eq, %k_41, %c_1 : index
                %i_43 = arith.select %is_42, %n_30, %n_33 : index
                %i_44 = arith.select %is_42, %i_20, %c_1 : index
                scf.for %i_45 = %c_1 to %i_43 step %c_2 {
                  %s_46 = aie.objectfifo.acquire @a_l1_0(Consume, 1) : !aie.objectfifosubview<memref<10240xi8>>
                  %o_47 = aie.objectfifo.subview.access %s_46[0] : !aie.objectfifosubview<memref<10240xi8>> -> memref<10240xi8>
                  aie.objectfifo.release @a_l1_0(Consume, 1)
                }
                %s_48 = aie.objectfifo.acquire @a_l1_0(Consume, 1) : !aie.objectfifosubview<memref<10240xi8>>
                %o_49 = aie.objectfifo.subview.access %s_48[0] : !aie.objectfifosubview<memref<10240xi8>> -> memref<10240xi8>
                func.call @multiply(%o_49, %o_22, %memory_0_0, %c_1, %k_41, %i_44) : (memref<10240xi8>, memref<4608xi8>, memref<6672xi32>, index, index, index) -> ()
                %c_50 = arith.constant 4 : index
                %n_51 = memref.load %memory_0_0[%c_50] : memref<6672xi32>
                %n_52 = arith.index_cast %n_51 : i32 to index
                scf.for %o_53 = %c_2 to %n_52 step %c_2 {
                  aie.objectfifo.release @b_l1_0(Consume, 1)
                  %s_54 = aie.objectfifo.acquire @b_l1_0(Consume, 1) : !aie.objectfifosubview<memref<4608xi8>>
                  %o_55 = aie.objectfifo.subview.access %s_54[0] : !aie.objectfifosubview<memref<4608xi8>> -> memref<4608xi8>
                  func.call @multiply(%o_49, %o_55, %memory_0_0, %o_53, %c_1, %i_44) : (memref<10240xi8>, memref<4608xi8>, memref<6672xi32>, index, index, index) -> ()
                }
                aie.objectfifo.release @a_l1_0(Consume, 1)
              }
              aie.objectfifo.release @b_l1_0(Consume, 1)
              %c_56 = arith.constant 32 : index
              %n_57 = memref.load %memory_0_0[%c_56] : memref<6672xi32>
              %n_58 = arith.index_cast %n_57 : i32 to index
              scf.for %i_59 = %c_1 to %n_58 step %c_2 {
                %s_60 = aie.objectfifo.acquire @a_l1_0(Consume, 1) : !aie.objectfifosubview<memref<10240xi8>>
                %o_61 = aie.objectfifo.subview.access %s_60[0] : !aie.objectfifosubview<memref<10240xi8>> -> memref<10240xi8>
                aie.objectfifo.release @a_l1_0(Consume, 1)
              }
            }
            %c_62 = arith.constant 53 : index
            %n_63 = memref.load %memory_0_0[%c_62] : memref<6672xi32>
            %n_64 = arith.index_cast %n_63 : i32 to index
            scf.for %v_65 = %c_1 to %n_64 step %c_2 {
              %s_66 = aie.objectfifo.acquire @b_l1_0(Consume, 1) : !aie.objectfifosubview<memref<4608xi8>>
              %o_67 = aie.objectfifo.subview.access %s_66[0] : !aie.objectfifosubview<memref<4608xi8>> -> memref<4608xi8>
              func.call @keep(%o_67, %vectors_0_0) : (memref<4608xi8>, memref<512xi8>) -> ()
              aie.objectfifo.release @b_l1_0(Consume, 1)
            }
            %c_68 = arith.constant 5 : index
            %n_69 = memref.load %memory_0_0[%c_68] : memref<6672xi32>
            %n_70 = arith.index_cast %n_69 : i32 to index
            scf.for %u_71 = %c_1 to %n_70 step %c_2 {
              %s_72 = aie.objectfifo.acquire @c_l1_0_0(Produce, 1) : !aie.objectfifosubview<memref<2560xi8>>
              %o_73 = aie.objectfifo.subview.access %s_72[0] : !aie.objectfifosubview<memref<2560xi8>> -> memref<2560xi8>
              func.call @finish(%memory_0_0, %vectors_0_0, %o_73, %u_71) : (memref<6672xi32>, memref<512xi8>, memref<2560xi8>, index) -> ()
              aie.objectfifo.release @c_l1_0_0(Produce, 1)
            }
          }
          %c_74 = arith.constant 44 : index
          %n_75 = memref.load %memory_0_0[%c_74] : memref<6672xi32>
          %n_76 = arith.index_cast %n_75 : i32 to index
          scf.for %t_77 = %c_1 to %n_76 step %c_2 {
            %s_78 = aie.objectfifo.acquire @b_l1_0(Consume, 1) : !aie.objectfifosubview<memref<4608xi8>>
            %o_79 = aie.objectfifo.subview.access %s_78[0] : !aie.objectfifosubview<memref<4608xi8>> -> memref<4608xi8>
            aie.objectfifo.release @b_l1_0(Consume, 1)
          }
        }
      }
      aie.end
    } {dynamic_objfifo_lowering = true, stack_size = 2048 : i32}
    %program_0_1 = aie.core(%core_0_1) {
      %c_80 = arith.constant 0 : index
      %c_81 = arith.constant 1 : index
      %c_82 = arith.constant 9223372036854775807 : index
      scf.for %call_83 = %c_80 to %c_82 step %c_81 {
        %s_84 = aie.objectfifo.acquire @b_l1_1(Consume, 1) : !aie.objectfifosubview<memref<4608xi8>>
        %o_85 = aie.objectfifo.subview.access %s_84[0] : !aie.objectfifosubview<memref<4608xi8>> -> memref<4608xi8>
        func.call @take(%o_85, %memory_0_1) : (memref<4608xi8>, memref<6672xi32>) -> ()
        %c_86 = arith.constant 0 : index
        %n_87 = memref.load %memory_0_1[%c_86] : memref<6672xi32>
        %n_88 = arith.index_cast %n_87 : i32 to index
        %c_89 = arith.constant 36 : index
        %n_90 = memref.load %memory_0_1[%c_89] : memref<6672xi32>
        %n_91 = arith.index_cast %n_90 : i32 to index
        %c_92 = arith.constant 2 : index
        %n_93 = memref.load %memory_0_1[%c_92] : memref<6672xi32>
        %n_94 = arith.index_cast %n_93 : i32 to index
        aie.objectfifo.release @b_l1_1(Consume, 1)
        scf.for %p_95 = %c_80 to %n_88 step %c_81 {
          scf.for %t_96 = %c_80 to %n_91 step %c_81 {
            scf.for %q_97 = %c_80 to %n_94 step %c_81 {
              %is_98 = arith.cmpi eq, %q_97, %c_80 : index
              %i_99 = arith.select %is_98, %c_81, %c_80 : index
              %s_100 = aie.objectfifo.acquire @b_l1_1(Consume, 1) : !aie.objectfifosubview<memref<4608xi8>>
              %o_101 = aie.objectfifo.subview.access %s_100[0] : !aie.objectfifosubview<memref<4608xi8>> -> memref<4608xi8>
              %c_102 = arith.constant 52 : index
              %n_103 = memref.load %memory_0_1[%c_102] : memref<6672xi32>
              %n_104 = arith.index_cast %n_103 : i32 to index
              %i_105 = arith.select %is_98, %n_104, %c_80 : index
              scf.for %v_106 = %c_80 to %i_105 step %c_81 {
                func.call @keep(%o_101, %vectors_0_1) : (memref<4608xi8>, memref<512xi8>) -> ()
              }
              %c_107 = arith.constant 29 : index
              %n_108 = memref.load %memory_0_1[%c_107] : memref<6672xi32>
              %n_109 = arith.index_cast %n_108 : i32 to index
              %c_110 = arith.constant 54 : index
              %n_111 = memref.load %memory_0_1[%c_110] : memref<6672xi32>
              %n_112 = arith.index_cast %n_111 : i32 to index
              %c_113 = arith.constant 14 : index
              %n_114 = memref.load %memory_0_1[%c_113] : memref<6672xi32>
              %n_115 = arith.index_cast %n_114 : i32 to index
              %c_116 = arith.constant 12 : index
              %n_117 = memref.load %memory_0_1[%c_116] : memref<6672xi32>
              %n_118 = arith.index_cast %n_117 : i32 to index
              %i_119 = arith.select %is_98, %n_115, %n_118 : index
              scf.for %k_120 = %c_80 to %i_119 step %c_81 {
                %is_121 = arith.cmpi eq, %k_120, %c_80 : index
                %i_122 = arith.select %is_121, %n_109, %n_112 : index
                %i_123 = arith.select %is_121, %i_99, %c_80 : index
                scf.for %i_124 = %c_80 to %i_122 step %c_81 {
                  %s_125 = aie.objectfifo.acquire @a_l1_0(Consume, 1) : !aie.objectfifosubview<memref<10240xi8>>
                  %o_126 = aie.objectfifo.subview.access %s_125[0] : !aie.objectfifosubview<memref<10240xi8>> -> memref<10240xi8>
                  aie.objectfifo.release @a_l1_0(Consume, 1)
                }
                %s_127 = aie.objectfifo.acquire @a_l1_0(Consume, 1) : !aie.objectfifosubview<memref<10240xi8>>
                %o_128 = aie.objectfifo.subview.access %s_127[0] : !aie.objectfifosubview<memref<10240xi8>> -> memref<10240xi8>
                func.call @multiply(%o_128, %o_101, %memory_0_1, %c_80, %k_120, %i_123) : (memref<10240xi8>, memref<4608xi8>, memref<6672xi32>, index, index, index) -> ()
                %c_129 = arith.constant 4 : index
                %n_130 = memref.load %memory_0_1[%c_129] : memref<6672xi32>
                %n_131 = arith.index_cast %n_130 : i32 to index
                scf.for %o_132 = %c_81 to %n_131 step %c_81 {
                  aie.objectfifo.release @b_l1_1(Consume, 1)
                  %s_133 = aie.objectfifo.acquire @b_l1_1(Consume, 1) : !aie.objectfifosubview<memref<4608xi8>>
                  %o_134 = aie.objectfifo.subview.access %s_133[0] : !aie.objectfifosubview<memref<4608xi8>> -> memref<4608xi8>
                  func.call @multiply(%o_128, %o_134, %memory_0_1, %o_132, %c_80, %i_123) : (memref<10240xi8>, memref<4608xi8>, memref<6672xi32>, index, index, index) -> ()
                }
                aie.objectfifo.release @a_l1_0(Consume, 1)
              }
              aie.objectfifo.release @b_l1_1(Consume, 1)
              %c_135 = arith.constant 33 : index
              %n_136 = memref.load %memory_0_1[%c_135] : memref<6672xi32>
              %n_137 = arith.index_cast %n_136 : i32 to index
              scf.for %i_138 = %c_80 to %n_137 step %c_81 {
                %s_139 = aie.objectfifo.acquire @a_l1_0(Consume, 1) : !aie.objectfifosubview<memref<10240xi8>>
                %o_140 = aie.objectfifo.subview.access %s_139[0] : !aie.objectfifosubview<memref<10240xi8>> -> memref<10240xi8>
                aie.objectfifo.release @a_l1_0(Consume, 1)
              }
            }
            %c_141 = arith.constant 53 : index
            %n_142 = memref.load %memory_0_1[%c_141] : memref<6672xi32>
            %n_143 = arith.index_cast %n_142 : i32 to index
            scf.for %v_144 = %c_80 to %n_143 step %c_81 {
              %s_145 = aie.objectfifo.acquire @b_l1_1(Consume, 1) : !aie.objectfifosubview<memref<4608xi8>>
              %o_146 = aie.objectfifo.subview.access %s_145[0] : !aie.objectfifosubview<memref<4608xi8>> -> memref<4608xi8>
              func.call @keep(%o_146, %vectors_0_1) : (memref<4608xi8>, memref<512xi8>) -> ()
              aie.objectfifo.release @b_l1_1(Consume, 1)
            }
            %c_147 = arith.constant 5 : index
            %n_148 = memref.load %memory_0_1[%c_147] : memref<6672xi32>
            %n_149 = arith.index_cast %n_148 : i32 to index
            scf.for %u_150 = %c_80 to %n_149 step %c_81 {
              %s_151 = aie.objectfifo.acquire @c_l1_0_1(Produce, 1) : !aie.objectfifosubview<memref<2560xi8>>
              %o_152 = aie.objectfifo.subview.access %s_151[0] : !aie.objectfifosubview<memref<2560xi8>> -> memref<2560xi8>
              func.call @finish(%memory_0_1, %vectors_0_1, %o_152, %u_150) : (memref<6672xi32>, memref<512xi8>, memref<2560xi8>, index) -> ()
              aie.objectfifo.release @c_l1_0_1(Produce, 1)
            }
          }
          %c_153 = arith.constant 44 : index
          %n_154 = memref.load %memory_0_1[%c_153] : memref<6672xi32>
          %n_155 = arith.index_cast %n_154 : i32 to index
          scf.for %t_156 = %c_80 to %n_155 step %c_81 {
            %s_157 = aie.objectfifo.acquire @b_l1_1(Consume, 1) : !aie.objectfifosubview<memref<4608xi8>>
            %o_158 = aie.objectfifo.subview.access %s_157[0] : !aie.objectfifosubview<memref<4608xi8>> -> memref<4608xi8>
            aie.objectfifo.release @b_l1_1(Consume, 1)
          }
        }
      }
      aie.end
    } {dynamic_objfifo_lowering = true, stack_size = 2048 : i32}
    %program_0_2 = aie.core(%core_0_2) {
      %c_159 = arith.constant 0 : index
      %c_160 = arith.constant 1 : index
      %c_161 = arith.constant 9223372036854775807 : index
      scf.for %call_162 = %c_159 to %c_161 step %c_160 {
        %s_163 = aie.objectfifo.acquire @b_l1_2(Consume, 1) : !aie.objectfifosubview<memref<4608xi8>>
        %o_164 = aie.objectfifo.subview.access %s_163[0] : !aie.objectfifosubview<memref<4608xi8>> -> memref<4608xi8>
        func.call @take(%o_164, %memory_0_2) : (memref<4608xi8>, memref<6672xi32>) -> ()
        %c_165 = arith.constant 0 : index
        %n_166 = memref.load %memory_0_2[%c_165] : memref<6672xi32>
        %n_167 = arith.index_cast %n_166 : i32 to index
        %c_168 = arith.constant 36 : index
        %n_169 = memref.load %memory_0_2[%c_168] : memref<6672xi32>
        %n_170 = arith.index_cast %n_169 : i32 to index
        %c_171 = arith.constant 2 : index
        %n_172 = memref.load %memory_0_2[%c_171] : memref<6672xi32>
        %n_173 = arith.index_cast %n_172 : i32 to index
        aie.objectfifo.release @b_l1_2(Consume, 1)
        scf.for %p_174 = %c_159 to %n_167 step %c_160 {
          scf.for %t_175 = %c_159 to %n_170 step %c_160 {
            scf.for %q_176 = %c_159 to %n_173 step %c_160 {
              %is_177 = arith.cmpi eq, %q_176, %c_159 : index
              %i_178 = arith.select %is_177, %c_160, %c_159 : index
              %s_179 = aie.objectfifo.acquire @b_l1_2(Consume, 1) : !aie.objectfifosubview<memref<4608xi8>>
              %o_180 = aie.objectfifo.subview.access %s_179[0] : !aie.objectfifosubview<memref<4608xi8>> -> memref<4608xi8>
              %c_181 = arith.constant 52 : index
              %n_182 = memref.load %memory_0_2[%c_181] : memref<6672xi32>
              %n_183 = arith.index_cast %n_182 : i32 to index
              %i_184 = arith.select %is_177, %n_183, %c_159 : index
              scf.for %v_185 = %c_159 to %i_184 step %c_160 {
                func.call @keep(%o_180, %vectors_0_2) : (memref<4608xi8>, memref<512xi8>) -> ()
              }
              %c_186 = arith.constant 30 : index
              %n_187 = memref.load %memory_0_2[%c_186] : memref<6672xi32>
              %n_188 = arith.index_cast %n_187 : i32 to index
              %c_189 = arith.constant 54 : index
              %n_190 = memref.load %memory_0_2[%c_189] : memref<6672xi32>
              %n_191 = arith.index_cast %n_190 : i32 to index
              %c_192 = arith.constant 14 : index
              %n_193 = memref.load %memory_0_2[%c_192] : memref<6672xi32>
              %n_194 = arith.index_cast %n_193 : i32 to index
              %c_195 = arith.constant 12 : index
              %n_196 = memref.load %memory_0_2[%c_195] : memref<6672xi32>
              %n_197 = arith.index_cast %n_196 : i32 to index
              %i_198 = arith.select %is_177, %n_194, %n_197 : index
              scf.for %k_199 = %c_159 to %i_198 step %c_160 {
                %is_200 = arith.cmpi eq, %k_199, %c_159 : index
                %i_201 = arith.select %is_200, %n_188, %n_191 : index
                %i_202 = arith.select %is_200, %i_178, %c_159 : index
                scf.for %i_203 = %c_159 to %i_201 step %c_160 {
                  %s_204 = aie.objectfifo.acquire @a_l1_0(Consume, 1) : !aie.objectfifosubview<memref<10240xi8>>
                  %o_205 = aie.objectfifo.subview.access %s_204[0] : !aie.objectfifosubview<memref<10240xi8>> -> memref<10240xi8>
                  aie.objectfifo.release @a_l1_0(Consume, 1)
                }
                %s_206 = aie.objectfifo.acquire @a_l1_0(Consume, 1) : !aie.objectfifosubview<memref<10240xi8>>
                %o_207 = aie.objectfifo.subview.access %s_206[0] : !aie.objectfifosubview<memref<10240xi8>> -> memref<10240xi8>
                func.call @multiply(%o_207, %o_180, %memory_0_2, %c_159, %k_199, %i_202) : (memref<10240xi8>, memref<4608xi8>, memref<6672xi32>, index, index, index) -> ()
                %c_208 = arith.constant 4 : index
                %n_209 = memref.load %memory_0_2[%c_208] : memref<6672xi32>
                %n_210 = arith.index_cast %n_209 : i32 to index
                scf.for %o_211 = %c_160 to %n_210 step %c_160 {
                  aie.objectfifo.release @b_l1_2(Consume, 1)
                  %s_212 = aie.objectfifo.acquire @b_l1_2(Consume, 1) : !aie.objectfifosubview<memref<4608xi8>>
                  %o_213 = aie.objectfifo.subview.access %s_212[0] : !aie.objectfifosubview<memref<4608xi8>> -> memref<4608xi8>
                  func.call @multiply(%o_207, %o_213, %memory_0_2, %o_211, %c_159, %i_202) : (memref<10240xi8>, memref<4608xi8>, memref<6672xi32>, index, index, index) -> ()
                }
                aie.objectfifo.release @a_l1_0(Consume, 1)
              }
              aie.objectfifo.release @b_l1_2(Consume, 1)
              %c_214 = arith.constant 34 : index
              %n_215 = memref.load %memory_0_2[%c_214] : memref<6672xi32>
              %n_216 = arith.index_cast %n_215 : i32 to index
              scf.for %i_217 = %c_159 to %n_216 step %c_160 {
                %s_218 = aie.objectfifo.acquire @a_l1_0(Consume, 1) : !aie.objectfifosubview<memref<10240xi8>>
                %o_219 = aie.objectfifo.subview.access %s_218[0] : !aie.objectfifosubview<memref<10240xi8>> -> memref<10240xi8>
                aie.objectfifo.release @a_l1_0(Consume, 1)
              }
            }
            %c_220 = arith.constant 53 : index
            %n_221 = memref.load %memory_0_2[%c_220] : memref<6672xi32>
            %n_222 = arith.index_cast %n_221 : i32 to index
            scf.for %v_223 = %c_159 to %n_222 step %c_160 {
              %s_224 = aie.objectfifo.acquire @b_l1_2(Consume, 1) : !aie.objectfifosubview<memref<4608xi8>>
              %o_225 = aie.objectfifo.subview.access %s_224[0] : !aie.objectfifosubview<memref<4608xi8>> -> memref<4608xi8>
              func.call @keep(%o_225, %vectors_0_2) : (memref<4608xi8>, memref<512xi8>) -> ()
              aie.objectfifo.release @b_l1_2(Consume, 1)
            }
            %c_226 = arith.constant 5 : index
            %n_227 = memref.load %memory_0_2[%c_226] : memref<6672xi32>
            %n_228 = arith.index_cast %n_227 : i32 to index
            scf.for %u_229 = %c_159 to %n_228 step %c_160 {
              %s_230 = aie.objectfifo.acquire @c_l1_0_2(Produce, 1) : !aie.objectfifosubview<memref<2560xi8>>
              %o_231 = aie.objectfifo.subview.access %s_230[0] : !aie.objectfifosubview<memref<2560xi8>> -> memref<2560xi8>
              func.call @finish(%memory_0_2, %vectors_0_2, %o_231, %u_229) : (memref<6672xi32>, memref<512xi8>, memref<2560xi8>, index) -> ()
              aie.objectfifo.release @c_l1_0_2(Produce, 1)
            }
          }
          %c_232 = arith.constant 44 : index
          %n_233 = memref.load %memory_0_2[%c_232] : memref<6672xi32>
          %n_234 = arith.index_cast %n_233 : i32 to index
          scf.for %t_235 = %c_159 to %n_234 step %c_160 {
            %s_236 = aie.objectfifo.acquire @b_l1_2(Consume, 1) : !aie.objectfifosubview<memref<4608xi8>>
            %o_237 = aie.objectfifo.subview.access %s_236[0] : !aie.objectfifosubview<memref<4608xi8>> -> memref<4608xi8>
            aie.objectfifo.release @b_l1_2(Consume, 1)
          }
        }
      }
      aie.end
    } {dynamic_objfifo_lowering = true, stack_size = 2048 : i32}
    %program_0_3 = aie.core(%core_0_3) {
      %c_238 = arith.constant 0 : index
      %c_239 = arith.constant 1 : index
      %c_240 = arith.constant 9223372036854775807 : index
      scf.for %call_241 = %c_238 to %c_240 step %c_239 {
        %s_242 = aie.objectfifo.acquire @b_l1_3(Consume, 1) : !aie.objectfifosubview<memref<4608xi8>>
        %o_243 = aie.objectfifo.subview.access %s_242[0] : !aie.objectfifosubview<memref<4608xi8>> -> memref<4608xi8>
        func.call @take(%o_243, %memory_0_3) : (memref<4608xi8>, memref<6672xi32>) -> ()
        %c_244 = arith.constant 0 : index
        %n_245 = memref.load %memory_0_3[%c_244] : memref<6672xi32>
        %n_246 = arith.index_cast %n_245 : i32 to index
        %c_247 = arith.constant 36 : index
        %n_248 = memref.load %memory_0_3[%c_247] : memref<6672xi32>
        %n_249 = arith.index_cast %n_248 : i32 to index
        %c_250 = arith.constant 2 : index
        %n_251 = memref.load %memory_0_3[%c_250] : memref<6672xi32>
        %n_252 = arith.index_cast %n_251 : i32 to index
        aie.objectfifo.release @b_l1_3(Consume, 1)
        scf.for %p_253 = %c_238 to %n_246 step %c_239 {
          scf.for %t_254 = %c_238 to %n_249 step %c_239 {
            scf.for %q_255 = %c_238 to %n_252 step %c_239 {
              %is_256 = arith.cmpi eq, %q_255, %c_238 : index
              %i_257 = arith.select %is_256, %c_239, %c_238 : index
              %s_258 = aie.objectfifo.acquire @b_l1_3(Consume, 1) : !aie.objectfifosubview<memref<4608xi8>>
              %o_259 = aie.objectfifo.subview.access %s_258[0] : !aie.objectfifosubview<memref<4608xi8>> -> memref<4608xi8>
              %c_260 = arith.constant 52 : index
              %n_261 = memref.load %memory_0_3[%c_260] : memref<6672xi32>
              %n_262 = arith.index_cast %n_261 : i32 to index
              %i_263 = arith.select %is_256, %n_262, %c_238 : index
              scf.for %v_264 = %c_238 to %i_263 step %c_239 {
                func.call @keep(%o_259, %vectors_0_3) : (memref<4608xi8>, memref<512xi8>) -> ()
              }
              %c_265 = arith.constant 31 : index
              %n_266 = memref.load %memory_0_3[%c_265] : memref<6672xi32>
              %n_267 = arith.index_cast %n_266 : i32 to index
              %c_268 = arith.constant 54 : index
              %n_269 = memref.load %memory_0_3[%c_268] : memref<6672xi32>
              %n_270 = arith.index_cast %n_269 : i32 to index
              %c_271 = arith.constant 14 : index
              %n_272 = memref.load %memory_0_3[%c_271] : memref<6672xi32>
              %n_273 = arith.index_cast %n_272 : i32 to index
              %c_274 = arith.constant 12 : index
              %n_275 = memref.load %memory_0_3[%c_274] : memref<6672xi32>
              %n_276 = arith.index_cast %n_275 : i32 to index
              %i_277 = arith.select %is_256, %n_273, %n_276 : index
              scf.for %k_278 = %c_238 to %i_277 step %c_239 {
                %is_279 = arith.cmpi eq, %k_278, %c_238 : index
                %i_280 = arith.select %is_279, %n_267, %n_270 : index
                %i_281 = arith.select %is_279, %i_257, %c_238 : index
                scf.for %i_282 = %c_238 to %i_280 step %c_239 {
                  %s_283 = aie.objectfifo.acquire @a_l1_0(Consume, 1) : !aie.objectfifosubview<memref<10240xi8>>
                  %o_284 = aie.objectfifo.subview.access %s_283[0] : !aie.objectfifosubview<memref<10240xi8>> -> memref<10240xi8>
                  aie.objectfifo.release @a_l1_0(Consume, 1)
                }
                %s_285 = aie.objectfifo.acquire @a_l1_0(Consume, 1) : !aie.objectfifosubview<memref<10240xi8>>
                %o_286 = aie.objectfifo.subview.access %s_285[0] : !aie.objectfifosubview<memref<10240xi8>> -> memref<10240xi8>
                func.call @multiply(%o_286, %o_259, %memory_0_3, %c_238, %k_278, %i_281) : (memref<10240xi8>, memref<4608xi8>, memref<6672xi32>, index, index, index) -> ()
                %c_287 = arith.constant 4 : index
                %n_288 = memref.load %memory_0_3[%c_287] : memref<6672xi32>
                %n_289 = arith.index_cast %n_288 : i32 to index
                scf.for %o_290 = %c_239 to %n_289 step %c_239 {
                  aie.objectfifo.release @b_l1_3(Consume, 1)
                  %s_291 = aie.objectfifo.acquire @b_l1_3(Consume, 1) : !aie.objectfifosubview<memref<4608xi8>>
                  %o_292 = aie.objectfifo.subview.access %s_291[0] : !aie.objectfifosubview<memref<4608xi8>> -> memref<4608xi8>
                  func.call @multiply(%o_286, %o_292, %memory_0_3, %o_290, %c_238, %i_281) : (memref<10240xi8>, memref<4608xi8>, memref<6672xi32>, index, index, index) -> ()
                }
                aie.objectfifo.release @a_l1_0(Consume, 1)
              }
              aie.objectfifo.release @b_l1_3(Consume, 1)
              %c_293 = arith.constant 35 : index
              %n_294 = memref.load %memory_0_3[%c_293] : memref<6672xi32>
              %n_295 = arith.index_cast %n_294 : i32 to index
              scf.for %i_296 = %c_238 to %n_295 step %c_239 {
                %s_297 = aie.objectfifo.acquire @a_l1_0(Consume, 1) : !aie.objectfifosubview<memref<10240xi8>>
                %o_298 = aie.objectfifo.subview.access %s_297[0] : !aie.objectfifosubview<memref<10240xi8>> -> memref<10240xi8>
                aie.objectfifo.release @a_l1_0(Consume, 1)
              }
            }
            %c_299 = arith.constant 53 : index
            %n_300 = memref.load %memory_0_3[%c_299] : memref<6672xi32>
            %n_301 = arith.index_cast %n_300 : i32 to index
            scf.for %v_302 = %c_238 to %n_301 step %c_239 {
              %s_303 = aie.objectfifo.acquire @b_l1_3(Consume, 1) : !aie.objectfifosubview<memref<4608xi8>>
              %o_304 = aie.objectfifo.subview.access %s_303[0] : !aie.objectfifosubview<memref<4608xi8>> -> memref<4608xi8>
              func.call @keep(%o_304, %vectors_0_3) : (memref<4608xi8>, memref<512xi8>) -> ()
              aie.objectfifo.release @b_l1_3(Consume, 1)
            }
            %c_305 = arith.constant 5 : index
            %n_306 = memref.load %memory_0_3[%c_305] : memref<6672xi32>
            %n_307 = arith.index_cast %n_306 : i32 to index
            scf.for %u_308 = %c_238 to %n_307 step %c_239 {
              %s_309 = aie.objectfifo.acquire @c_l1_0_3(Produce, 1) : !aie.objectfifosubview<memref<2560xi8>>
              %o_310 = aie.objectfifo.subview.access %s_309[0] : !aie.objectfifosubview<memref<2560xi8>> -> memref<2560xi8>
              func.call @finish(%memory_0_3, %vectors_0_3, %o_310, %u_308) : (memref<6672xi32>, memref<512xi8>, memref<2560xi8>, index) -> ()
              aie.objectfifo.release @c_l1_0_3(Produce, 1)
            }
          }
          %c_311 = arith.constant 44 : index
          %n_312 = memref.load %memory_0_3[%c_311] : memref<6672xi32>
          %n_313 = arith.index_cast %n_312 : i32 to index
          scf.for %t_314 = %c_238 to %n_313 step %c_239 {
            %s_315 = aie.objectfifo.acquire @b_l1_3(Consume, 1) : !aie.objectfifosubview<memref<4608xi8>>
            %o_316 = aie.objectfifo.subview.access %s_315[0] : !aie.objectfifosubview<memref<4608xi8>> -> memref<4608xi8>
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
