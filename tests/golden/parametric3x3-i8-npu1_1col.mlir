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
    aie.objectfifo @c_l1_0_0(%core_0_0, {%mem_0}, 2 : i32) : !aie.objectfifo<memref<2048xi8>>
    aie.objectfifo @c_l1_0_1(%core_0_1, {%mem_0}, 2 : i32) : !aie.objectfifo<memref<2048xi8>>
    aie.objectfifo @c_l1_0_2(%core_0_2, {%mem_0}, 2 : i32) : !aie.objectfifo<memref<2048xi8>>
    aie.objectfifo @c_l1_0_3(%core_0_3, {%mem_0}, 2 : i32) : !aie.objectfifo<memref<2048xi8>>
    aie.objectfifo @c_l3_0(%mem_0 dimensionsToStream [<size = 4, stride = 8>, <size = 64, stride = 32>, <size = 8, stride = 1>], {%shim_0}, 2 : i32) : !aie.objectfifo<memref<8192xi8>>
    aie.objectfifo.link [@c_l1_0_0, @c_l1_0_1, @c_l1_0_2, @c_l1_0_3] -> [@c_l3_0] ([0, 2048, 4096, 6144] [])
    aie.objectfifo @a_l3_0(%shim_0, {%mem_0}, 2 : i32) : !aie.objectfifo<memref<8192xi8>>
    aie.objectfifo @a_l1_0(%mem_0 dimensionsToStream [<size = 256, stride = 8>, <size = 4, stride = 2048>, <size = 8, stride = 1>], {%core_0_0, %core_0_1, %core_0_2, %core_0_3}, 2 : i32) : !aie.objectfifo<memref<8192xi8>>
    aie.objectfifo.link [@a_l3_0] -> [@a_l1_0] ([] [])
    %memory_0_0 = aie.buffer(%core_0_0) {sym_name = "memory_0_0"} : memref<4336xi32>
    %vectors_0_0 = aie.buffer(%core_0_0) {sym_name = "vectors_0_0"} : memref<512xi8>
    %memory_0_1 = aie.buffer(%core_0_1) {sym_name = "memory_0_1"} : memref<4336xi32>
    %vectors_0_1 = aie.buffer(%core_0_1) {sym_name = "vectors_0_1"} : memref<512xi8>
    %memory_0_2 = aie.buffer(%core_0_2) {sym_name = "memory_0_2"} : memref<4336xi32>
    %vectors_0_2 = aie.buffer(%core_0_2) {sym_name = "vectors_0_2"} : memref<512xi8>
    %memory_0_3 = aie.buffer(%core_0_3) {sym_name = "memory_0_3"} : memref<4336xi32>
    %vectors_0_3 = aie.buffer(%core_0_3) {sym_name = "vectors_0_3"} : memref<512xi8>
    func.func private @llvm.aie2.I512.I512.ACC1024.acc32.mac.conf(vector<64xi8>, vector<16xi32>, vector<16xi64>, i32) -> vector<16xi64>
    func.func private @take(%b: memref<4608xi8>, %parameters: memref<4336xi32>) {
      %c_1 = arith.constant 0 : index
      %c_2 = arith.constant 0 : index
      %c_3 = arith.constant 1 : index
      %c_4 = arith.constant 15 : index
      scf.for %n_5 = %c_2 to %c_4 step %c_3 {
        %c_6 = arith.constant 64 : index
        %i_7 = arith.muli %n_5, %c_6 : index
        %i_8 = arith.addi %c_1, %i_7 : index
        %c_9 = arith.constant 16 : index
        %i_10 = arith.muli %n_5, %c_9 : index
        %v_11 = vector.load %b[%i_8] {alignment = 32 : i64} : memref<4608xi8>, vector<64xi8>
        %v_12 = vector.bitcast %v_11 : vector<64xi8> to vector<16xi32>
        vector.store %v_12, %parameters[%i_10] {alignment = 32 : i64} : memref<4336xi32>, vector<16xi32>
      }
      return
    }
    func.func private @keep(%b: memref<4608xi8>, %vectors: memref<512xi8>) {
      %c_1 = arith.constant 0 : index
      %c_2 = arith.constant 1 : index
      %c_3 = arith.constant 8 : index
      scf.for %n_4 = %c_1 to %c_3 step %c_2 {
        %c_5 = arith.constant 64 : index
        %i_6 = arith.muli %n_4, %c_5 : index
        %c_7 = arith.constant 4096 : index
        %i_8 = arith.addi %i_6, %c_7 : index
        %v_9 = vector.load %b[%i_8] {alignment = 32 : i64} : memref<4608xi8>, vector<64xi8>
        vector.store %v_9, %vectors[%i_6] {alignment = 32 : i64} : memref<512xi8>, vector<64xi8>
      }
      return
    }
    func.func private @multiply(%a: memref<8192xi8>, %b: memref<4608xi8>, %c: memref<4336xi32>, %object: index, %chunk: index, %fresh: index) {
      %mode = arith.constant 776 : i32
      %zero = arith.constant 0 : index
      %one = arith.constant 1 : index
      %group_c = arith.constant 64 : index
      %at_steps_0 = arith.constant 6 : index
      %steps_word = memref.load %c[%at_steps_0] : memref<4336xi32>
      %steps = arith.index_cast %steps_word : i32 to index
      %at_pixel_groups = arith.constant 7 : index
      %pixels_word = memref.load %c[%at_pixel_groups] : memref<4336xi32>
      %by_0 = arith.constant 3 : i32
      %pixels_words = arith.muli %pixels_word, %by_0 : i32
      %pixels = arith.index_cast %pixels_words : i32 to index
      %at_channel_blocks = arith.constant 9 : index
      %pixel_c_word = memref.load %c[%at_channel_blocks] : memref<4336xi32>
      %by_1 = arith.constant 32 : i32
      %pixel_c_words = arith.muli %pixel_c_word, %by_1 : i32
      %pixel_c = arith.index_cast %pixel_c_words : i32 to index
      %at_channel_groups = arith.constant 8 : index
      %object_c_word = memref.load %c[%at_channel_groups] : memref<4336xi32>
      %by_2 = arith.constant 64 : i32
      %object_c_words = arith.muli %object_c_word, %by_2 : i32
      %object_c = arith.index_cast %object_c_words : i32 to index
      %at_steps_1 = arith.constant 6 : index
      %group_b_word = memref.load %c[%at_steps_1] : memref<4336xi32>
      %by_3 = arith.constant 128 : i32
      %group_b_words = arith.muli %group_b_word, %by_3 : i32
      %group_b_0 = arith.index_cast %group_b_words : i32 to index
      %at_chunk_elements = arith.constant 13 : index
      %chunk_b_word = memref.load %c[%at_chunk_elements] : memref<4336xi32>
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
      %sums = arith.constant 240 : index
      %first_sum = arith.addi %first_c, %sums : index
      %group_pixels = arith.constant 3 : index
      %end_c:1 = scf.for %group = %zero to %pixels step %group_pixels iter_args(%row_c_0 = %first_sum) -> (index) {
        %pixel_table_0 = arith.constant 100 : index
        %at_0 = arith.addi %group, %pixel_table_0 : index
        %pixel_word_0 = memref.load %c[%at_0] : memref<4336xi32>
        %pixel_a_0 = arith.index_cast %pixel_word_0 : i32 to index
        %pixel_table_1 = arith.constant 101 : index
        %at_1 = arith.addi %group, %pixel_table_1 : index
        %pixel_word_1 = memref.load %c[%at_1] : memref<4336xi32>
        %pixel_a_1 = arith.index_cast %pixel_word_1 : i32 to index
        %pixel_table_2 = arith.constant 102 : index
        %at_2 = arith.addi %group, %pixel_table_2 : index
        %pixel_word_2 = memref.load %c[%at_2] : memref<4336xi32>
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
            %acc_1 = vector.load %c[%block_c_0] {alignment = 32 : i64} : memref<4336xi32>, vector<32xi32>
            %v_0 = vector.bitcast %acc_1 : vector<32xi32> to vector<16xi64>
            %acc_2 = vector.load %c[%block_c_3] {alignment = 32 : i64} : memref<4336xi32>, vector<32xi32>
            %v_1 = vector.bitcast %acc_2 : vector<32xi32> to vector<16xi64>
            %acc_3 = vector.load %c[%block_c_1] {alignment = 32 : i64} : memref<4336xi32>, vector<32xi32>
            %v_2 = vector.bitcast %acc_3 : vector<32xi32> to vector<16xi64>
            %acc_4 = vector.load %c[%block_c_4] {alignment = 32 : i64} : memref<4336xi32>, vector<32xi32>
            %v_3 = vector.bitcast %acc_4 : vector<32xi32> to vector<16xi64>
            %acc_5 = vector.load %c[%block_c_2] {alignment = 32 : i64} : memref<4336xi32>, vector<32xi32>
            %v_4 = vector.bitcast %acc_5 : vector<32xi32> to vector<16xi64>
            %acc_6 = vector.load %c[%block_c_5] {alignment = 32 : i64} : memref<4336xi32>, vector<32xi32>
            %v_5 = vector.bitcast %acc_6 : vector<32xi32> to vector<16xi64>
            scf.yield %v_0, %v_1, %v_2, %v_3, %v_4, %v_5 : vector<16xi64>, vector<16xi64>, vector<16xi64>, vector<16xi64>, vector<16xi64>, vector<16xi64>
          }
          %sum:6 = scf.for %step = %zero to %steps step %one iter_args(%acc_7 = %begin#0, %acc_8 = %begin#1, %acc_9 = %begin#2, %acc_10 = %begin#3, %acc_11 = %begin#4, %acc_12 = %begin#5) -> (vector<16xi64>, vector<16xi64>, vector<16xi64>, vector<16xi64>, vector<16xi64>, vector<16xi64>) {
            %step_table = arith.constant 64 : index
            %at_3 = arith.addi %step, %step_table : index
            %step_word = memref.load %c[%at_3] : memref<4336xi32>
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
            %a_0 = vector.load %a[%at_a_0] {alignment = 32 : i64} : memref<8192xi8>, vector<32xi8>
            %v_8 = vector.shuffle %a_0, %a_0 [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1] : vector<32xi8>, vector<32xi8>
            %at_a_1 = arith.addi %pixel_a_1, %step_a : index
            %a_1 = vector.load %a[%at_a_1] {alignment = 32 : i64} : memref<8192xi8>, vector<32xi8>
            %v_9 = vector.shuffle %a_1, %a_1 [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1] : vector<32xi8>, vector<32xi8>
            %at_a_2 = arith.addi %pixel_a_2, %step_a : index
            %a_2 = vector.load %a[%at_a_2] {alignment = 32 : i64} : memref<8192xi8>, vector<32xi8>
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
          vector.store %v_11, %c[%block_c_0] {alignment = 32 : i64} : memref<4336xi32>, vector<32xi32>
          %v_12 = vector.bitcast %sum#1 : vector<16xi64> to vector<32xi32>
          vector.store %v_12, %c[%block_c_3] {alignment = 32 : i64} : memref<4336xi32>, vector<32xi32>
          %v_13 = vector.bitcast %sum#2 : vector<16xi64> to vector<32xi32>
          vector.store %v_13, %c[%block_c_1] {alignment = 32 : i64} : memref<4336xi32>, vector<32xi32>
          %v_14 = vector.bitcast %sum#3 : vector<16xi64> to vector<32xi32>
          vector.store %v_14, %c[%block_c_4] {alignment = 32 : i64} : memref<4336xi32>, vector<32xi32>
          %v_15 = vector.bitcast %sum#4 : vector<16xi64> to vector<32xi32>
          vector.store %v_15, %c[%block_c_2] {alignment = 32 : i64} : memref<4336xi32>, vector<32xi32>
          %v_16 = vector.bitcast %sum#5 : vector<16xi64> to vector<32xi32>
          vector.store %v_16, %c[%block_c_5] {alignment = 32 : i64} : memref<4336xi32>, vector<32xi32>
          scf.yield %next_b : index
        }
        scf.yield %row_c_3 : index
      }
      return
    }
    func.func private @finish(%c: memref<4336xi32>, %v: memref<512xi8>, %out: memref<2048xi8>, %u: index) {
      %c_1 = arith.constant 0 : index
      %c_2 = arith.constant 1 : index
      %c_3 = arith.constant 9 : index
      %n_4 = memref.load %c[%c_3] : memref<4336xi32>
      %n_5 = arith.index_cast %n_4 : i32 to index
      %c_6 = arith.constant 10 : index
      %n_7 = memref.load %c[%c_6] : memref<4336xi32>
      %n_8 = arith.index_cast %n_7 : i32 to index
      %i_9 = arith.muli %u, %n_8 : index
      %c_10 = arith.constant 32 : index
      %i_11 = arith.muli %n_5, %c_10 : index
      %i_12 = arith.muli %i_9, %i_11 : index
      %c_13 = arith.constant 240 : index
      %i_14 = arith.addi %i_12, %c_13 : index
      %c_15 = arith.constant 0 : index
      %c_16 = arith.constant 176 : index
      %v_17 = vector.load %c[%c_16] {alignment = 32 : i64} : memref<4336xi32>, vector<16xi32>
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
          %acc_36 = vector.load %c[%x_33] {alignment = 32 : i64} : memref<4336xi32>, vector<32xi32>
          %e_37 = arith.addi %acc_36, %bias_28 : vector<32xi32>
          %e_38 = arith.maxsi %e_37, %k_18 : vector<32xi32>
          %e_39 = arith.minsi %e_38, %k_19 : vector<32xi32>
          %e_40 = arith.shli %e_39, %k_20 : vector<32xi32>
          %v_41 = vector.bitcast %e_40 : vector<32xi32> to vector<128xi8>
          %e_42 = vector.shuffle %v_41, %v_41 [2, 6, 10, 14, 18, 22, 26, 30, 34, 38, 42, 46, 50, 54, 58, 62, 66, 70, 74, 78, 82, 86, 90, 94, 98, 102, 106, 110, 114, 118, 122, 126] : vector<128xi8>, vector<128xi8>
          vector.store %e_42, %out[%x_34] {alignment = 32 : i64} : memref<2048xi8>, vector<32xi8>
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
        func.call @take(%o_6, %memory_0_0) : (memref<4608xi8>, memref<4336xi32>) -> ()
        %c_7 = arith.constant 0 : index
        %n_8 = memref.load %memory_0_0[%c_7] : memref<4336xi32>
        %n_9 = arith.index_cast %n_8 : i32 to index
        %c_10 = arith.constant 36 : index
        %n_11 = memref.load %memory_0_0[%c_10] : memref<4336xi32>
        %n_12 = arith.index_cast %n_11 : i32 to index
        %c_13 = arith.constant 2 : index
        %n_14 = memref.load %memory_0_0[%c_13] : memref<4336xi32>
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
              %n_24 = memref.load %memory_0_0[%c_23] : memref<4336xi32>
              %n_25 = arith.index_cast %n_24 : i32 to index
              %i_26 = arith.select %is_19, %n_25, %c_1 : index
              scf.for %v_27 = %c_1 to %i_26 step %c_2 {
                func.call @keep(%o_22, %vectors_0_0) : (memref<4608xi8>, memref<512xi8>) -> ()
              }
              %c_28 = arith.constant 14 : index
              %n_29 = memref.load %memory_0_0[%c_28] : memref<4336xi32>
              %n_30 = arith.index_cast %n_29 : i32 to index
              %c_31 = arith.constant 12 : index
              %n_32 = memref.load %memory_0_0[%c_31] : memref<4336xi32>
              %n_33 = arith.index_cast %n_32 : i32 to index
              %i_34 = arith.select %is_19, %n_30, %n_33 : index
              %c_35 = arith.constant 28 : index
              %n_36 = memref.load %memory_0_0[%c_35] : memref<4336xi32>
              %n_37 = arith.index_cast %n_36 : i32 to index
              scf.for %i_38 = %c_1 to %n_37 step %c_2 {
                %s_39 = aie.objectfifo.acquire @a_l1_0(Consume, 1) : !aie.objectfifosubview<memref<8192xi8>>
                %o_40 = aie.objectfifo.subview.access %s_39[0] : !aie.objectfifosubview<memref<8192xi8>> -> memref<8192xi8>
                aie.objectfifo.release @a_l1_0(Consume, 1)
              }
              %s_41 = aie.objectfifo.acquire @a_l1_0(Consume, 1) : !aie.objectfifosubview<memref<8192xi8>>
              %o_42 = aie.objectfifo.subview.access %s_41[0] : !aie.objectfifosubview<memref<8192xi8>> -> memref<8192xi8>
              func.call @multiply(%o_42, %o_22, %memory_0_0, %c_1, %c_1, %i_20) : (memref<8192xi8>, memref<4608xi8>, memref<4336xi32>, index, index, index) -> ()
              scf.for %k_43 = %c_2 to %i_34 step %c_2 {
                aie.objectfifo.release @a_l1_0(Consume, 1)
                %c_44 = arith.constant 54 : index
                %n_45 = memref.load %memory_0_0[%c_44] : memref<4336xi32>
                %n_46 = arith.index_cast %n_45 : i32 to index
                scf.for %i_47 = %c_1 to %n_46 step %c_2 {
                  %s_48 = aie.objectfifo.acquire @a_l1_0(Consume, 1) : !aie.objectfifosubview<memref<8192xi8>>
                  %o_49 = aie.objectfifo.subview.access %s_48[0] : !aie.objectfifosubview<memref<8192xi8>> -> memref<8192xi8>
                  aie.objectfifo.release @a_l1_0(Consume, 1)
                }
                %s_50 = aie.objectfifo.acquire @a_l1_0(Consume, 1) : !aie.objectfifosubview<memref<8192xi8>>
                %o_51 = aie.objectfifo.subview.access %s_50[0] : !aie.objectfifosubview<memref<8192xi8>> -> memref<8192xi8>
                func.call @multiply(%o_51, %o_22, %memory_0_0, %c_1, %k_43, %c_1) : (memref<8192xi8>, memref<4608xi8>, memref<4336xi32>, index, index, index) -> ()
              }
              aie.objectfifo.release @b_l1_0(Consume, 1)
              %c_52 = arith.constant 4 : index
              %n_53 = memref.load %memory_0_0[%c_52] : memref<4336xi32>
              %n_54 = arith.index_cast %n_53 : i32 to index
              scf.for %o_55 = %c_2 to %n_54 step %c_2 {
                %s_56 = aie.objectfifo.acquire @b_l1_0(Consume, 1) : !aie.objectfifosubview<memref<4608xi8>>
                %o_57 = aie.objectfifo.subview.access %s_56[0] : !aie.objectfifosubview<memref<4608xi8>> -> memref<4608xi8>
                func.call @multiply(%o_42, %o_57, %memory_0_0, %o_55, %c_1, %i_20) : (memref<8192xi8>, memref<4608xi8>, memref<4336xi32>, index, index, index) -> ()
                aie.objectfifo.release @b_l1_0(Consume, 1)
              }
              aie.objectfifo.release @a_l1_0(Consume, 1)
              %c_58 = arith.constant 32 : index
              %n_59 = memref.load %memory_0_0[%c_58] : memref<4336xi32>
              %n_60 = arith.index_cast %n_59 : i32 to index
              scf.for %i_61 = %c_1 to %n_60 step %c_2 {
                %s_62 = aie.objectfifo.acquire @a_l1_0(Consume, 1) : !aie.objectfifosubview<memref<8192xi8>>
                %o_63 = aie.objectfifo.subview.access %s_62[0] : !aie.objectfifosubview<memref<8192xi8>> -> memref<8192xi8>
                aie.objectfifo.release @a_l1_0(Consume, 1)
              }
            }
            %c_64 = arith.constant 53 : index
            %n_65 = memref.load %memory_0_0[%c_64] : memref<4336xi32>
            %n_66 = arith.index_cast %n_65 : i32 to index
            scf.for %v_67 = %c_1 to %n_66 step %c_2 {
              %s_68 = aie.objectfifo.acquire @b_l1_0(Consume, 1) : !aie.objectfifosubview<memref<4608xi8>>
              %o_69 = aie.objectfifo.subview.access %s_68[0] : !aie.objectfifosubview<memref<4608xi8>> -> memref<4608xi8>
              func.call @keep(%o_69, %vectors_0_0) : (memref<4608xi8>, memref<512xi8>) -> ()
              aie.objectfifo.release @b_l1_0(Consume, 1)
            }
            %c_70 = arith.constant 5 : index
            %n_71 = memref.load %memory_0_0[%c_70] : memref<4336xi32>
            %n_72 = arith.index_cast %n_71 : i32 to index
            scf.for %u_73 = %c_1 to %n_72 step %c_2 {
              %s_74 = aie.objectfifo.acquire @c_l1_0_0(Produce, 1) : !aie.objectfifosubview<memref<2048xi8>>
              %o_75 = aie.objectfifo.subview.access %s_74[0] : !aie.objectfifosubview<memref<2048xi8>> -> memref<2048xi8>
              func.call @finish(%memory_0_0, %vectors_0_0, %o_75, %u_73) : (memref<4336xi32>, memref<512xi8>, memref<2048xi8>, index) -> ()
              aie.objectfifo.release @c_l1_0_0(Produce, 1)
            }
          }
          %c_76 = arith.constant 44 : index
          %n_77 = memref.load %memory_0_0[%c_76] : memref<4336xi32>
          %n_78 = arith.index_cast %n_77 : i32 to index
          scf.for %t_79 = %c_1 to %n_78 step %c_2 {
            %s_80 = aie.objectfifo.acquire @b_l1_0(Consume, 1) : !aie.objectfifosubview<memref<4608xi8>>
            %o_81 = aie.objectfifo.subview.access %s_80[0] : !aie.objectfifosubview<memref<4608xi8>> -> memref<4608xi8>
            aie.objectfifo.release @b_l1_0(Consume, 1)
          }
        }
      }
      aie.end
    } {dynamic_objfifo_lowering = true, stack_size = 2048 : i32}
    %program_0_1 = aie.core(%core_0_1) {
      %c_82 = arith.constant 0 : index
      %c_83 = arith.constant 1 : index
      %c_84 = arith.constant 9223372036854775807 : index
      scf.for %call_85 = %c_82 to %c_84 step %c_83 {
        %s_86 = aie.objectfifo.acquire @b_l1_1(Consume, 1) : !aie.objectfifosubview<memref<4608xi8>>
        %o_87 = aie.objectfifo.subview.access %s_86[0] : !aie.objectfifosubview<memref<4608xi8>> -> memref<4608xi8>
        func.call @take(%o_87, %memory_0_1) : (memref<4608xi8>, memref<4336xi32>) -> ()
        %c_88 = arith.constant 0 : index
        %n_89 = memref.load %memory_0_1[%c_88] : memref<4336xi32>
        %n_90 = arith.index_cast %n_89 : i32 to index
        %c_91 = arith.constant 36 : index
        %n_92 = memref.load %memory_0_1[%c_91] : memref<4336xi32>
        %n_93 = arith.index_cast %n_92 : i32 to index
        %c_94 = arith.constant 2 : index
        %n_95 = memref.load %memory_0_1[%c_94] : memref<4336xi32>
        %n_96 = arith.index_cast %n_95 : i32 to index
        aie.objectfifo.release @b_l1_1(Consume, 1)
        scf.for %p_97 = %c_82 to %n_90 step %c_83 {
          scf.for %t_98 = %c_82 to %n_93 step %c_83 {
            scf.for %q_99 = %c_82 to %n_96 step %c_83 {
              %is_100 = arith.cmpi eq, %q_99, %c_82 : index
              %i_101 = arith.select %is_100, %c_83, %c_82 : index
              %s_102 = aie.objectfifo.acquire @b_l1_1(Consume, 1) : !aie.objectfifosubview<memref<4608xi8>>
              %o_103 = aie.objectfifo.subview.access %s_102[0] : !aie.objectfifosubview<memref<4608xi8>> -> memref<4608xi8>
              %c_104 = arith.constant 52 : index
              %n_105 = memref.load %memory_0_1[%c_104] : memref<4336xi32>
              %n_106 = arith.index_cast %n_105 : i32 to index
              %i_107 = arith.select %is_100, %n_106, %c_82 : index
              scf.for %v_108 = %c_82 to %i_107 step %c_83 {
                func.call @keep(%o_103, %vectors_0_1) : (memref<4608xi8>, memref<512xi8>) -> ()
              }
              %c_109 = arith.constant 14 : index
              %n_110 = memref.load %memory_0_1[%c_109] : memref<4336xi32>
              %n_111 = arith.index_cast %n_110 : i32 to index
              %c_112 = arith.constant 12 : index
              %n_113 = memref.load %memory_0_1[%c_112] : memref<4336xi32>
              %n_114 = arith.index_cast %n_113 : i32 to index
              %i_115 = arith.select %is_100, %n_111, %n_114 : index
              %c_116 = arith.constant 29 : index
              %n_117 = memref.load %memory_0_1[%c_116] : memref<4336xi32>
              %n_118 = arith.index_cast %n_117 : i32 to index
              scf.for %i_119 = %c_82 to %n_118 step %c_83 {
                %s_120 = aie.objectfifo.acquire @a_l1_0(Consume, 1) : !aie.objectfifosubview<memref<8192xi8>>
                %o_121 = aie.objectfifo.subview.access %s_120[0] : !aie.objectfifosubview<memref<8192xi8>> -> memref<8192xi8>
                aie.objectfifo.release @a_l1_0(Consume, 1)
              }
              %s_122 = aie.objectfifo.acquire @a_l1_0(Consume, 1) : !aie.objectfifosubview<memref<8192xi8>>
              %o_123 = aie.objectfifo.subview.access %s_122[0] : !aie.objectfifosubview<memref<8192xi8>> -> memref<8192xi8>
              func.call @multiply(%o_123, %o_103, %memory_0_1, %c_82, %c_82, %i_101) : (memref<8192xi8>, memref<4608xi8>, memref<4336xi32>, index, index, index) -> ()
              scf.for %k_124 = %c_83 to %i_115 step %c_83 {
                aie.objectfifo.release @a_l1_0(Consume, 1)
                %c_125 = arith.constant 54 : index
                %n_126 = memref.load %memory_0_1[%c_125] : memref<4336xi32>
                %n_127 = arith.index_cast %n_126 : i32 to index
                scf.for %i_128 = %c_82 to %n_127 step %c_83 {
                  %s_129 = aie.objectfifo.acquire @a_l1_0(Consume, 1) : !aie.objectfifosubview<memref<8192xi8>>
                  %o_130 = aie.objectfifo.subview.access %s_129[0] : !aie.objectfifosubview<memref<8192xi8>> -> memref<8192xi8>
                  aie.objectfifo.release @a_l1_0(Consume, 1)
                }
                %s_131 = aie.objectfifo.acquire @a_l1_0(Consume, 1) : !aie.objectfifosubview<memref<8192xi8>>
                %o_132 = aie.objectfifo.subview.access %s_131[0] : !aie.objectfifosubview<memref<8192xi8>> -> memref<8192xi8>
                func.call @multiply(%o_132, %o_103, %memory_0_1, %c_82, %k_124, %c_82) : (memref<8192xi8>, memref<4608xi8>, memref<4336xi32>, index, index, index) -> ()
              }
              aie.objectfifo.release @b_l1_1(Consume, 1)
              %c_133 = arith.constant 4 : index
              %n_134 = memref.load %memory_0_1[%c_133] : memref<4336xi32>
              %n_135 = arith.index_cast %n_134 : i32 to index
              scf.for %o_136 = %c_83 to %n_135 step %c_83 {
                %s_137 = aie.objectfifo.acquire @b_l1_1(Consume, 1) : !aie.objectfifosubview<memref<4608xi8>>
                %o_138 = aie.objectfifo.subview.access %s_137[0] : !aie.objectfifosubview<memref<4608xi8>> -> memref<4608xi8>
                func.call @multiply(%o_123, %o_138, %memory_0_1, %o_136, %c_82, %i_101) : (memref<8192xi8>, memref<4608xi8>, memref<4336xi32>, index, index, index) -> ()
                aie.objectfifo.release @b_l1_1(Consume, 1)
              }
              aie.objectfifo.release @a_l1_0(Consume, 1)
              %c_139 = arith.constant 33 : index
              %n_140 = memref.load %memory_0_1[%c_139] : memref<4336xi32>
              %n_141 = arith.index_cast %n_140 : i32 to index
              scf.for %i_142 = %c_82 to %n_141 step %c_83 {
                %s_143 = aie.objectfifo.acquire @a_l1_0(Consume, 1) : !aie.objectfifosubview<memref<8192xi8>>
                %o_144 = aie.objectfifo.subview.access %s_143[0] : !aie.objectfifosubview<memref<8192xi8>> -> memref<8192xi8>
                aie.objectfifo.release @a_l1_0(Consume, 1)
              }
            }
            %c_145 = arith.constant 53 : index
            %n_146 = memref.load %memory_0_1[%c_145] : memref<4336xi32>
            %n_147 = arith.index_cast %n_146 : i32 to index
            scf.for %v_148 = %c_82 to %n_147 step %c_83 {
              %s_149 = aie.objectfifo.acquire @b_l1_1(Consume, 1) : !aie.objectfifosubview<memref<4608xi8>>
              %o_150 = aie.objectfifo.subview.access %s_149[0] : !aie.objectfifosubview<memref<4608xi8>> -> memref<4608xi8>
              func.call @keep(%o_150, %vectors_0_1) : (memref<4608xi8>, memref<512xi8>) -> ()
              aie.objectfifo.release @b_l1_1(Consume, 1)
            }
            %c_151 = arith.constant 5 : index
            %n_152 = memref.load %memory_0_1[%c_151] : memref<4336xi32>
            %n_153 = arith.index_cast %n_152 : i32 to index
            scf.for %u_154 = %c_82 to %n_153 step %c_83 {
              %s_155 = aie.objectfifo.acquire @c_l1_0_1(Produce, 1) : !aie.objectfifosubview<memref<2048xi8>>
              %o_156 = aie.objectfifo.subview.access %s_155[0] : !aie.objectfifosubview<memref<2048xi8>> -> memref<2048xi8>
              func.call @finish(%memory_0_1, %vectors_0_1, %o_156, %u_154) : (memref<4336xi32>, memref<512xi8>, memref<2048xi8>, index) -> ()
              aie.objectfifo.release @c_l1_0_1(Produce, 1)
            }
          }
          %c_157 = arith.constant 44 : index
          %n_158 = memref.load %memory_0_1[%c_157] : memref<4336xi32>
          %n_159 = arith.index_cast %n_158 : i32 to index
          scf.for %t_160 = %c_82 to %n_159 step %c_83 {
            %s_161 = aie.objectfifo.acquire @b_l1_1(Consume, 1) : !aie.objectfifosubview<memref<4608xi8>>
            %o_162 = aie.objectfifo.subview.access %s_161[0] : !aie.objectfifosubview<memref<4608xi8>> -> memref<4608xi8>
            aie.objectfifo.release @b_l1_1(Consume, 1)
          }
        }
      }
      aie.end
    } {dynamic_objfifo_lowering = true, stack_size = 2048 : i32}
    %program_0_2 = aie.core(%core_0_2) {
      %c_163 = arith.constant 0 : index
      %c_164 = arith.constant 1 : index
      %c_165 = arith.constant 9223372036854775807 : index
      scf.for %call_166 = %c_163 to %c_165 step %c_164 {
        %s_167 = aie.objectfifo.acquire @b_l1_2(Consume, 1) : !aie.objectfifosubview<memref<4608xi8>>
        %o_168 = aie.objectfifo.subview.access %s_167[0] : !aie.objectfifosubview<memref<4608xi8>> -> memref<4608xi8>
        func.call @take(%o_168, %memory_0_2) : (memref<4608xi8>, memref<4336xi32>) -> ()
        %c_169 = arith.constant 0 : index
        %n_170 = memref.load %memory_0_2[%c_169] : memref<4336xi32>
        %n_171 = arith.index_cast %n_170 : i32 to index
        %c_172 = arith.constant 36 : index
        %n_173 = memref.load %memory_0_2[%c_172] : memref<4336xi32>
        %n_174 = arith.index_cast %n_173 : i32 to index
        %c_175 = arith.constant 2 : index
        %n_176 = memref.load %memory_0_2[%c_175] : memref<4336xi32>
        %n_177 = arith.index_cast %n_176 : i32 to index
        aie.objectfifo.release @b_l1_2(Consume, 1)
        scf.for %p_178 = %c_163 to %n_171 step %c_164 {
          scf.for %t_179 = %c_163 to %n_174 step %c_164 {
            scf.for %q_180 = %c_163 to %n_177 step %c_164 {
              %is_181 = arith.cmpi eq, %q_180, %c_163 : index
              %i_182 = arith.select %is_181, %c_164, %c_163 : index
              %s_183 = aie.objectfifo.acquire @b_l1_2(Consume, 1) : !aie.objectfifosubview<memref<4608xi8>>
              %o_184 = aie.objectfifo.subview.access %s_183[0] : !aie.objectfifosubview<memref<4608xi8>> -> memref<4608xi8>
              %c_185 = arith.constant 52 : index
              %n_186 = memref.load %memory_0_2[%c_185] : memref<4336xi32>
              %n_187 = arith.index_cast %n_186 : i32 to index
              %i_188 = arith.select %is_181, %n_187, %c_163 : index
              scf.for %v_189 = %c_163 to %i_188 step %c_164 {
                func.call @keep(%o_184, %vectors_0_2) : (memref<4608xi8>, memref<512xi8>) -> ()
              }
              %c_190 = arith.constant 14 : index
              %n_191 = memref.load %memory_0_2[%c_190] : memref<4336xi32>
              %n_192 = arith.index_cast %n_191 : i32 to index
              %c_193 = arith.constant 12 : index
              %n_194 = memref.load %memory_0_2[%c_193] : memref<4336xi32>
              %n_195 = arith.index_cast %n_194 : i32 to index
              %i_196 = arith.select %is_181, %n_192, %n_195 : index
              %c_197 = arith.constant 30 : index
              %n_198 = memref.load %memory_0_2[%c_197] : memref<4336xi32>
              %n_199 = arith.index_cast %n_198 : i32 to index
              scf.for %i_200 = %c_163 to %n_199 step %c_164 {
                %s_201 = aie.objectfifo.acquire @a_l1_0(Consume, 1) : !aie.objectfifosubview<memref<8192xi8>>
                %o_202 = aie.objectfifo.subview.access %s_201[0] : !aie.objectfifosubview<memref<8192xi8>> -> memref<8192xi8>
                aie.objectfifo.release @a_l1_0(Consume, 1)
              }
              %s_203 = aie.objectfifo.acquire @a_l1_0(Consume, 1) : !aie.objectfifosubview<memref<8192xi8>>
              %o_204 = aie.objectfifo.subview.access %s_203[0] : !aie.objectfifosubview<memref<8192xi8>> -> memref<8192xi8>
              func.call @multiply(%o_204, %o_184, %memory_0_2, %c_163, %c_163, %i_182) : (memref<8192xi8>, memref<4608xi8>, memref<4336xi32>, index, index, index) -> ()
              scf.for %k_205 = %c_164 to %i_196 step %c_164 {
                aie.objectfifo.release @a_l1_0(Consume, 1)
                %c_206 = arith.constant 54 : index
                %n_207 = memref.load %memory_0_2[%c_206] : memref<4336xi32>
                %n_208 = arith.index_cast %n_207 : i32 to index
                scf.for %i_209 = %c_163 to %n_208 step %c_164 {
                  %s_210 = aie.objectfifo.acquire @a_l1_0(Consume, 1) : !aie.objectfifosubview<memref<8192xi8>>
                  %o_211 = aie.objectfifo.subview.access %s_210[0] : !aie.objectfifosubview<memref<8192xi8>> -> memref<8192xi8>
                  aie.objectfifo.release @a_l1_0(Consume, 1)
                }
                %s_212 = aie.objectfifo.acquire @a_l1_0(Consume, 1) : !aie.objectfifosubview<memref<8192xi8>>
                %o_213 = aie.objectfifo.subview.access %s_212[0] : !aie.objectfifosubview<memref<8192xi8>> -> memref<8192xi8>
                func.call @multiply(%o_213, %o_184, %memory_0_2, %c_163, %k_205, %c_163) : (memref<8192xi8>, memref<4608xi8>, memref<4336xi32>, index, index, index) -> ()
              }
              aie.objectfifo.release @b_l1_2(Consume, 1)
              %c_214 = arith.constant 4 : index
              %n_215 = memref.load %memory_0_2[%c_214] : memref<4336xi32>
              %n_216 = arith.index_cast %n_215 : i32 to index
              scf.for %o_217 = %c_164 to %n_216 step %c_164 {
                %s_218 = aie.objectfifo.acquire @b_l1_2(Consume, 1) : !aie.objectfifosubview<memref<4608xi8>>
                %o_219 = aie.objectfifo.subview.access %s_218[0] : !aie.objectfifosubview<memref<4608xi8>> -> memref<4608xi8>
                func.call @multiply(%o_204, %o_219, %memory_0_2, %o_217, %c_163, %i_182) : (memref<8192xi8>, memref<4608xi8>, memref<4336xi32>, index, index, index) -> ()
                aie.objectfifo.release @b_l1_2(Consume, 1)
              }
              aie.objectfifo.release @a_l1_0(Consume, 1)
              %c_220 = arith.constant 34 : index
              %n_221 = memref.load %memory_0_2[%c_220] : memref<4336xi32>
              %n_222 = arith.index_cast %n_221 : i32 to index
              scf.for %i_223 = %c_163 to %n_222 step %c_164 {
                %s_224 = aie.objectfifo.acquire @a_l1_0(Consume, 1) : !aie.objectfifosubview<memref<8192xi8>>
                %o_225 = aie.objectfifo.subview.access %s_224[0] : !aie.objectfifosubview<memref<8192xi8>> -> memref<8192xi8>
                aie.objectfifo.release @a_l1_0(Consume, 1)
              }
            }
            %c_226 = arith.constant 53 : index
            %n_227 = memref.load %memory_0_2[%c_226] : memref<4336xi32>
            %n_228 = arith.index_cast %n_227 : i32 to index
            scf.for %v_229 = %c_163 to %n_228 step %c_164 {
              %s_230 = aie.objectfifo.acquire @b_l1_2(Consume, 1) : !aie.objectfifosubview<memref<4608xi8>>
              %o_231 = aie.objectfifo.subview.access %s_230[0] : !aie.objectfifosubview<memref<4608xi8>> -> memref<4608xi8>
              func.call @keep(%o_231, %vectors_0_2) : (memref<4608xi8>, memref<512xi8>) -> ()
              aie.objectfifo.release @b_l1_2(Consume, 1)
            }
            %c_232 = arith.constant 5 : index
            %n_233 = memref.load %memory_0_2[%c_232] : memref<4336xi32>
            %n_234 = arith.index_cast %n_233 : i32 to index
            scf.for %u_235 = %c_163 to %n_234 step %c_164 {
              %s_236 = aie.objectfifo.acquire @c_l1_0_2(Produce, 1) : !aie.objectfifosubview<memref<2048xi8>>
              %o_237 = aie.objectfifo.subview.access %s_236[0] : !aie.objectfifosubview<memref<2048xi8>> -> memref<2048xi8>
              func.call @finish(%memory_0_2, %vectors_0_2, %o_237, %u_235) : (memref<4336xi32>, memref<512xi8>, memref<2048xi8>, index) -> ()
              aie.objectfifo.release @c_l1_0_2(Produce, 1)
            }
          }
          %c_238 = arith.constant 44 : index
          %n_239 = memref.load %memory_0_2[%c_238] : memref<4336xi32>
          %n_240 = arith.index_cast %n_239 : i32 to index
          scf.for %t_241 = %c_163 to %n_240 step %c_164 {
            %s_242 = aie.objectfifo.acquire @b_l1_2(Consume, 1) : !aie.objectfifosubview<memref<4608xi8>>
            %o_243 = aie.objectfifo.subview.access %s_242[0] : !aie.objectfifosubview<memref<4608xi8>> -> memref<4608xi8>
            aie.objectfifo.release @b_l1_2(Consume, 1)
          }
        }
      }
      aie.end
    } {dynamic_objfifo_lowering = true, stack_size = 2048 : i32}
    %program_0_3 = aie.core(%core_0_3) {
      %c_244 = arith.constant 0 : index
      %c_245 = arith.constant 1 : index
      %c_246 = arith.constant 9223372036854775807 : index
      scf.for %call_247 = %c_244 to %c_246 step %c_245 {
        %s_248 = aie.objectfifo.acquire @b_l1_3(Consume, 1) : !aie.objectfifosubview<memref<4608xi8>>
        %o_249 = aie.objectfifo.subview.access %s_248[0] : !aie.objectfifosubview<memref<4608xi8>> -> memref<4608xi8>
        func.call @take(%o_249, %memory_0_3) : (memref<4608xi8>, memref<4336xi32>) -> ()
        %c_250 = arith.constant 0 : index
        %n_251 = memref.load %memory_0_3[%c_250] : memref<4336xi32>
        %n_252 = arith.index_cast %n_251 : i32 to index
        %c_253 = arith.constant 36 : index
        %n_254 = memref.load %memory_0_3[%c_253] : memref<4336xi32>
        %n_255 = arith.index_cast %n_254 : i32 to index
        %c_256 = arith.constant 2 : index
        %n_257 = memref.load %memory_0_3[%c_256] : memref<4336xi32>
        %n_258 = arith.index_cast %n_257 : i32 to index
        aie.objectfifo.release @b_l1_3(Consume, 1)
        scf.for %p_259 = %c_244 to %n_252 step %c_245 {
          scf.for %t_260 = %c_244 to %n_255 step %c_245 {
            scf.for %q_261 = %c_244 to %n_258 step %c_245 {
              %is_262 = arith.cmpi eq, %q_261, %c_244 : index
              %i_263 = arith.select %is_262, %c_245, %c_244 : index
              %s_264 = aie.objectfifo.acquire @b_l1_3(Consume, 1) : !aie.objectfifosubview<memref<4608xi8>>
              %o_265 = aie.objectfifo.subview.access %s_264[0] : !aie.objectfifosubview<memref<4608xi8>> -> memref<4608xi8>
              %c_266 = arith.constant 52 : index
              %n_267 = memref.load %memory_0_3[%c_266] : memref<4336xi32>
              %n_268 = arith.index_cast %n_267 : i32 to index
              %i_269 = arith.select %is_262, %n_268, %c_244 : index
              scf.for %v_270 = %c_244 to %i_269 step %c_245 {
                func.call @keep(%o_265, %vectors_0_3) : (memref<4608xi8>, memref<512xi8>) -> ()
              }
              %c_271 = arith.constant 14 : index
              %n_272 = memref.load %memory_0_3[%c_271] : memref<4336xi32>
              %n_273 = arith.index_cast %n_272 : i32 to index
              %c_274 = arith.constant 12 : index
              %n_275 = memref.load %memory_0_3[%c_274] : memref<4336xi32>
              %n_276 = arith.index_cast %n_275 : i32 to index
              %i_277 = arith.select %is_262, %n_273, %n_276 : index
              %c_278 = arith.constant 31 : index
              %n_279 = memref.load %memory_0_3[%c_278] : memref<4336xi32>
              %n_280 = arith.index_cast %n_279 : i32 to index
              scf.for %i_281 = %c_244 to %n_280 step %c_245 {
                %s_282 = aie.objectfifo.acquire @a_l1_0(Consume, 1) : !aie.objectfifosubview<memref<8192xi8>>
                %o_283 = aie.objectfifo.subview.access %s_282[0] : !aie.objectfifosubview<memref<8192xi8>> -> memref<8192xi8>
                aie.objectfifo.release @a_l1_0(Consume, 1)
              }
              %s_284 = aie.objectfifo.acquire @a_l1_0(Consume, 1) : !aie.objectfifosubview<memref<8192xi8>>
              %o_285 = aie.objectfifo.subview.access %s_284[0] : !aie.objectfifosubview<memref<8192xi8>> -> memref<8192xi8>
              func.call @multiply(%o_285, %o_265, %memory_0_3, %c_244, %c_244, %i_263) : (memref<8192xi8>, memref<4608xi8>, memref<4336xi32>, index, index, index) -> ()
              scf.for %k_286 = %c_245 to %i_277 step %c_245 {
                aie.objectfifo.release @a_l1_0(Consume, 1)
                %c_287 = arith.constant 54 : index
                %n_288 = memref.load %memory_0_3[%c_287] : memref<4336xi32>
                %n_289 = arith.index_cast %n_288 : i32 to index
                scf.for %i_290 = %c_244 to %n_289 step %c_245 {
                  %s_291 = aie.objectfifo.acquire @a_l1_0(Consume, 1) : !aie.objectfifosubview<memref<8192xi8>>
                  %o_292 = aie.objectfifo.subview.access %s_291[0] : !aie.objectfifosubview<memref<8192xi8>> -> memref<8192xi8>
                  aie.objectfifo.release @a_l1_0(Consume, 1)
                }
                %s_293 = aie.objectfifo.acquire @a_l1_0(Consume, 1) : !aie.objectfifosubview<memref<8192xi8>>
                %o_294 = aie.objectfifo.subview.access %s_293[0] : !aie.objectfifosubview<memref<8192xi8>> -> memref<8192xi8>
                func.call @multiply(%o_294, %o_265, %memory_0_3, %c_244, %k_286, %c_244) : (memref<8192xi8>, memref<4608xi8>, memref<4336xi32>, index, index, index) -> ()
              }
              aie.objectfifo.release @b_l1_3(Consume, 1)
              %c_295 = arith.constant 4 : index
              %n_296 = memref.load %memory_0_3[%c_295] : memref<4336xi32>
              %n_297 = arith.index_cast %n_296 : i32 to index
              scf.for %o_298 = %c_245 to %n_297 step %c_245 {
                %s_299 = aie.objectfifo.acquire @b_l1_3(Consume, 1) : !aie.objectfifosubview<memref<4608xi8>>
                %o_300 = aie.objectfifo.subview.access %s_299[0] : !aie.objectfifosubview<memref<4608xi8>> -> memref<4608xi8>
                func.call @multiply(%o_285, %o_300, %memory_0_3, %o_298, %c_244, %i_263) : (memref<8192xi8>, memref<4608xi8>, memref<4336xi32>, index, index, index) -> ()
                aie.objectfifo.release @b_l1_3(Consume, 1)
              }
              aie.objectfifo.release @a_l1_0(Consume, 1)
              %c_301 = arith.constant 35 : index
              %n_302 = memref.load %memory_0_3[%c_301] : memref<4336xi32>
              %n_303 = arith.index_cast %n_302 : i32 to index
              scf.for %i_304 = %c_244 to %n_303 step %c_245 {
                %s_305 = aie.objectfifo.acquire @a_l1_0(Consume, 1) : !aie.objectfifosubview<memref<8192xi8>>
                %o_306 = aie.objectfifo.subview.access %s_305[0] : !aie.objectfifosubview<memref<8192xi8>> -> memref<8192xi8>
                aie.objectfifo.release @a_l1_0(Consume, 1)
              }
            }
            %c_307 = arith.constant 53 : index
            %n_308 = memref.load %memory_0_3[%c_307] : memref<4336xi32>
            %n_309 = arith.index_cast %n_308 : i32 to index
            scf.for %v_310 = %c_244 to %n_309 step %c_245 {
              %s_311 = aie.objectfifo.acquire @b_l1_3(Consume, 1) : !aie.objectfifosubview<memref<4608xi8>>
              %o_312 = aie.objectfifo.subview.access %s_311[0] : !aie.objectfifosubview<memref<4608xi8>> -> memref<4608xi8>
              func.call @keep(%o_312, %vectors_0_3) : (memref<4608xi8>, memref<512xi8>) -> ()
              aie.objectfifo.release @b_l1_3(Consume, 1)
            }
            %c_313 = arith.constant 5 : index
            %n_314 = memref.load %memory_0_3[%c_313] : memref<4336xi32>
            %n_315 = arith.index_cast %n_314 : i32 to index
            scf.for %u_316 = %c_244 to %n_315 step %c_245 {
              %s_317 = aie.objectfifo.acquire @c_l1_0_3(Produce, 1) : !aie.objectfifosubview<memref<2048xi8>>
              %o_318 = aie.objectfifo.subview.access %s_317[0] : !aie.objectfifosubview<memref<2048xi8>> -> memref<2048xi8>
              func.call @finish(%memory_0_3, %vectors_0_3, %o_318, %u_316) : (memref<4336xi32>, memref<512xi8>, memref<2048xi8>, index) -> ()
              aie.objectfifo.release @c_l1_0_3(Produce, 1)
            }
          }
          %c_319 = arith.constant 44 : index
          %n_320 = memref.load %memory_0_3[%c_319] : memref<4336xi32>
          %n_321 = arith.index_cast %n_320 : i32 to index
          scf.for %t_322 = %c_244 to %n_321 step %c_245 {
            %s_323 = aie.objectfifo.acquire @b_l1_3(Consume, 1) : !aie.objectfifosubview<memref<4608xi8>>
            %o_324 = aie.objectfifo.subview.access %s_323[0] : !aie.objectfifosubview<memref<4608xi8>> -> memref<4608xi8>
            aie.objectfifo.release @b_l1_3(Consume, 1)
          }
        }
      }
      aie.end
    } {dynamic_objfifo_lowering = true, stack_size = 2048 : i32}
    aie.runtime_sequence @sequence(%lhs: memref<3968xi8>, %weights: memref<18432xi8>, %result: memref<2048xi8>) {
      aiex.npu.dma_memcpy_nd(%lhs[0, 0, 0, 0][4, 1, 1, 2048][640, 0, 0, 1]) {id = 0 : i64, issue_token = true, metadata = @a_l3_0} : memref<3968xi8>
      aiex.npu.dma_memcpy_nd(%weights[0, 0, 0, 0][4, 1, 1, 4608][0, 0, 0, 1]) {id = 4 : i64, issue_token = true, metadata = @b_l3_0} : memref<18432xi8>
      aiex.npu.dma_memcpy_nd(%weights[0, 0, 0, 4608][4, 1, 1, 4608][0, 0, 0, 1]) {id = 5 : i64, issue_token = true, metadata = @b_l3_0} : memref<18432xi8>
      aiex.npu.dma_memcpy_nd(%weights[0, 0, 0, 9216][4, 1, 1, 4608][0, 0, 0, 1]) {id = 6 : i64, issue_token = true, metadata = @b_l3_0} : memref<18432xi8>
      aiex.npu.dma_memcpy_nd(%weights[0, 0, 0, 13824][4, 1, 1, 4608][0, 0, 0, 1]) {id = 7 : i64, issue_token = true, metadata = @b_l3_0} : memref<18432xi8>
      aiex.npu.dma_memcpy_nd(%result[0, 0, 0, 0][4, 1, 1, 2048][0, 0, 0, 1]) {id = 8 : i64, issue_token = true, metadata = @c_l3_0} : memref<2048xi8>
      aiex.npu.dma_wait {symbol = @a_l3_0}
      aiex.npu.dma_wait {symbol = @b_l3_0}
      aiex.npu.dma_wait {symbol = @b_l3_0}
      aiex.npu.dma_wait {symbol = @b_l3_0}
      aiex.npu.dma_wait {symbol = @b_l3_0}
      aiex.npu.dma_wait {symbol = @c_l3_0}
    }
  }
}
