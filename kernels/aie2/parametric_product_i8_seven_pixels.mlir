// The parametric matrix product of AIE2 for i8: any convolution's tile, its sizes read when it runs.
//
// C[pixel][channel] (+)= sum over the steps of K of A[pixel + step] x B[step][channel], in blocks of the
// 4x8x8 instruction: 7 blocks of pixels and 1 of channels in registers, i32 sums. A table says where each block
// of pixels begins in A, another how far a step (a tap of the window, and 8 of its channels) lies from there.
//
// Layouts, all contiguous: %a [pixels][K blocks][4][8]; %b [chunks][channel groups][steps][1][8][8];
// %c the run-time parameters (aie_conv/codegen/parametric.py declares them), behind them the sums as
// [pixel blocks][channel blocks][4][8]. %object: which object of B, %chunk: which object of A of
// those whose steps B holds; %fresh: not 0 where sums begin from zero.
//
// A step takes 7 cycles for 7 products; a group 72 besides, to read and write its sums.
//
// It may assume: buffers are aligned to 32 bytes; the last group of pixels is filled by repeating a block; an
// object's channels are whole groups; products of sizes fit into 32 bits. Lengths of buffers are those of
// one layout: others replace them, and each constant with a `parameter` gets the place of that parameter.
func.func private @llvm.aie2.I512.I512.ACC1024.acc32.mac.conf(vector<64xi8>, vector<16xi32>, vector<16xi64>, i32) -> vector<16xi64>
func.func private @parametric_product(%a: memref<8192xi8>, %b: memref<4608xi8>, %c: memref<4352xi32>, %object: index, %chunk: index, %fresh: index) {
  %mode = arith.constant 776 : i32
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  %group_c = arith.constant 32 : index
  // Sizes: steps of K, blocks of pixels, and elements of C from a block of pixels to the next, of an
  // object's channels, of B from a group of channels to the next, and of B for one object of A.
  %at_steps_0 = arith.constant {parameter = "steps"} 6 : index
  %steps_word = memref.load %c[%at_steps_0] : memref<4352xi32>
  %steps = arith.index_cast %steps_word : i32 to index
  %at_pixel_groups = arith.constant {parameter = "pixel_groups"} 7 : index
  %pixels_word = memref.load %c[%at_pixel_groups] : memref<4352xi32>
  %by_0 = arith.constant 7 : i32
  %pixels_words = arith.muli %pixels_word, %by_0 : i32
  %pixels = arith.index_cast %pixels_words : i32 to index
  %at_channel_blocks = arith.constant {parameter = "channel_blocks"} 9 : index
  %pixel_c_word = memref.load %c[%at_channel_blocks] : memref<4352xi32>
  %by_1 = arith.constant 32 : i32
  %pixel_c_words = arith.muli %pixel_c_word, %by_1 : i32
  %pixel_c = arith.index_cast %pixel_c_words : i32 to index
  %at_channel_groups = arith.constant {parameter = "channel_groups"} 8 : index
  %object_c_word = memref.load %c[%at_channel_groups] : memref<4352xi32>
  %by_2 = arith.constant 32 : i32
  %object_c_words = arith.muli %object_c_word, %by_2 : i32
  %object_c = arith.index_cast %object_c_words : i32 to index
  %at_steps_1 = arith.constant {parameter = "steps"} 6 : index
  %group_b_word = memref.load %c[%at_steps_1] : memref<4352xi32>
  %by_3 = arith.constant 64 : i32
  %group_b_words = arith.muli %group_b_word, %by_3 : i32
  %group_b_0 = arith.index_cast %group_b_words : i32 to index
  %at_chunk_elements = arith.constant {parameter = "chunk_elements"} 13 : index
  %chunk_b_word = memref.load %c[%at_chunk_elements] : memref<4352xi32>
  %chunk_b = arith.index_cast %chunk_b_word : i32 to index
  %begins = arith.cmpi ne, %fresh, %zero : index
  // Where this object's channels begin in C, and this chunk's steps in B.
  %first_c_i32_0 = arith.index_cast %object : index to i32
  %first_c_i32_1 = arith.index_cast %object_c : index to i32
  %first_c_i32_2 = arith.muli %first_c_i32_0, %first_c_i32_1 : i32
  %first_c = arith.index_cast %first_c_i32_2 : i32 to index
  %first_b_i32_0 = arith.index_cast %chunk : index to i32
  %first_b_i32_1 = arith.index_cast %chunk_b : index to i32
  %first_b_i32_2 = arith.muli %first_b_i32_0, %first_b_i32_1 : i32
  %first_b = arith.index_cast %first_b_i32_2 : i32 to index
  %sums = arith.constant {parameter = "sums"} 256 : index
  %first_sum = arith.addi %first_c, %sums : index
  // Groups of 7 blocks of pixels.
  %group_pixels = arith.constant 7 : index
  %end_c:1 = scf.for %group = %zero to %pixels step %group_pixels iter_args(%row_c_0 = %first_sum) -> (index) {
    // Where each block begins in A, from the table, and in C.
    %pixel_table_0 = arith.constant {parameter = "pixel_table"} 96 : index
    %at_0 = arith.addi %group, %pixel_table_0 : index
    %pixel_word_0 = memref.load %c[%at_0] : memref<4352xi32>
    %pixel_a_0 = arith.index_cast %pixel_word_0 : i32 to index
    %pixel_table_1 = arith.constant {parameter = "pixel_table", entry = 1 : i64} 97 : index
    %at_1 = arith.addi %group, %pixel_table_1 : index
    %pixel_word_1 = memref.load %c[%at_1] : memref<4352xi32>
    %pixel_a_1 = arith.index_cast %pixel_word_1 : i32 to index
    %pixel_table_2 = arith.constant {parameter = "pixel_table", entry = 2 : i64} 98 : index
    %at_2 = arith.addi %group, %pixel_table_2 : index
    %pixel_word_2 = memref.load %c[%at_2] : memref<4352xi32>
    %pixel_a_2 = arith.index_cast %pixel_word_2 : i32 to index
    %pixel_table_3 = arith.constant {parameter = "pixel_table", entry = 3 : i64} 99 : index
    %at_3 = arith.addi %group, %pixel_table_3 : index
    %pixel_word_3 = memref.load %c[%at_3] : memref<4352xi32>
    %pixel_a_3 = arith.index_cast %pixel_word_3 : i32 to index
    %pixel_table_4 = arith.constant {parameter = "pixel_table", entry = 4 : i64} 100 : index
    %at_4 = arith.addi %group, %pixel_table_4 : index
    %pixel_word_4 = memref.load %c[%at_4] : memref<4352xi32>
    %pixel_a_4 = arith.index_cast %pixel_word_4 : i32 to index
    %pixel_table_5 = arith.constant {parameter = "pixel_table", entry = 5 : i64} 101 : index
    %at_5 = arith.addi %group, %pixel_table_5 : index
    %pixel_word_5 = memref.load %c[%at_5] : memref<4352xi32>
    %pixel_a_5 = arith.index_cast %pixel_word_5 : i32 to index
    %pixel_table_6 = arith.constant {parameter = "pixel_table", entry = 6 : i64} 102 : index
    %at_6 = arith.addi %group, %pixel_table_6 : index
    %pixel_word_6 = memref.load %c[%at_6] : memref<4352xi32>
    %pixel_a_6 = arith.index_cast %pixel_word_6 : i32 to index
    %row_c_1 = arith.addi %row_c_0, %pixel_c : index
    %row_c_2 = arith.addi %row_c_1, %pixel_c : index
    %row_c_3 = arith.addi %row_c_2, %pixel_c : index
    %row_c_4 = arith.addi %row_c_3, %pixel_c : index
    %row_c_5 = arith.addi %row_c_4, %pixel_c : index
    %row_c_6 = arith.addi %row_c_5, %pixel_c : index
    %row_c_7 = arith.addi %row_c_6, %pixel_c : index
    // Groups of 1 block of channels.
    %end_b:1 = scf.for %channel = %zero to %object_c step %group_c iter_args(%group_b_1 = %first_b) -> (index) {
      %next_b = arith.addi %group_b_1, %group_b_0 : index
      %block_c_0 = arith.addi %row_c_0, %channel : index
      %block_c_1 = arith.addi %row_c_1, %channel : index
      %block_c_2 = arith.addi %row_c_2, %channel : index
      %block_c_3 = arith.addi %row_c_3, %channel : index
      %block_c_4 = arith.addi %row_c_4, %channel : index
      %block_c_5 = arith.addi %row_c_5, %channel : index
      %block_c_6 = arith.addi %row_c_6, %channel : index
      // The accumulators: zeros at the beginning of a tile, else what C holds.
      %begin:7 = scf.if %begins -> (vector<16xi64>, vector<16xi64>, vector<16xi64>, vector<16xi64>, vector<16xi64>, vector<16xi64>, vector<16xi64>) {
        %acc_0 = arith.constant dense<0> : vector<16xi64>
        scf.yield %acc_0, %acc_0, %acc_0, %acc_0, %acc_0, %acc_0, %acc_0 : vector<16xi64>, vector<16xi64>, vector<16xi64>, vector<16xi64>, vector<16xi64>, vector<16xi64>, vector<16xi64>
      } else {
        %acc_1 = vector.load %c[%block_c_0] {alignment = 32 : i64} : memref<4352xi32>, vector<32xi32>
        %v_0 = vector.bitcast %acc_1 : vector<32xi32> to vector<16xi64>
        %acc_2 = vector.load %c[%block_c_1] {alignment = 32 : i64} : memref<4352xi32>, vector<32xi32>
        %v_1 = vector.bitcast %acc_2 : vector<32xi32> to vector<16xi64>
        %acc_3 = vector.load %c[%block_c_2] {alignment = 32 : i64} : memref<4352xi32>, vector<32xi32>
        %v_2 = vector.bitcast %acc_3 : vector<32xi32> to vector<16xi64>
        %acc_4 = vector.load %c[%block_c_3] {alignment = 32 : i64} : memref<4352xi32>, vector<32xi32>
        %v_3 = vector.bitcast %acc_4 : vector<32xi32> to vector<16xi64>
        %acc_5 = vector.load %c[%block_c_4] {alignment = 32 : i64} : memref<4352xi32>, vector<32xi32>
        %v_4 = vector.bitcast %acc_5 : vector<32xi32> to vector<16xi64>
        %acc_6 = vector.load %c[%block_c_5] {alignment = 32 : i64} : memref<4352xi32>, vector<32xi32>
        %v_5 = vector.bitcast %acc_6 : vector<32xi32> to vector<16xi64>
        %acc_7 = vector.load %c[%block_c_6] {alignment = 32 : i64} : memref<4352xi32>, vector<32xi32>
        %v_6 = vector.bitcast %acc_7 : vector<32xi32> to vector<16xi64>
        scf.yield %v_0, %v_1, %v_2, %v_3, %v_4, %v_5, %v_6 : vector<16xi64>, vector<16xi64>, vector<16xi64>, vector<16xi64>, vector<16xi64>, vector<16xi64>, vector<16xi64>
      }
      // The steps of K: a block of every pixel, times a block of every group of channels.
      %sum:7 = scf.for %step = %zero to %steps step %one iter_args(%acc_8 = %begin#0, %acc_9 = %begin#1, %acc_10 = %begin#2, %acc_11 = %begin#3, %acc_12 = %begin#4, %acc_13 = %begin#5, %acc_14 = %begin#6) -> (vector<16xi64>, vector<16xi64>, vector<16xi64>, vector<16xi64>, vector<16xi64>, vector<16xi64>, vector<16xi64>) {
        %step_table = arith.constant {parameter = "step_table"} 60 : index
        %at_7 = arith.addi %step, %step_table : index
        %step_word = memref.load %c[%at_7] : memref<4352xi32>
        %step_a = arith.index_cast %step_word : i32 to index
        %by_4 = arith.constant 64 : index
        %step_b_0 = arith.muli %step, %by_4 : index
        %step_b_1 = arith.addi %group_b_1, %step_b_0 : index
        %b_0 = vector.load %b[%step_b_1] {alignment = 32 : i64} : memref<4608xi8>, vector<64xi8>
        %v_7 = vector.bitcast %b_0 : vector<64xi8> to vector<16xi32>
        %at_a_0 = arith.addi %pixel_a_0, %step_a : index
        %a_0 = vector.load %a[%at_a_0] {alignment = 32 : i64} : memref<8192xi8>, vector<32xi8>
        %v_8 = vector.shuffle %a_0, %a_0 [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1] : vector<32xi8>, vector<32xi8>
        %at_a_1 = arith.addi %pixel_a_1, %step_a : index
        %a_1 = vector.load %a[%at_a_1] {alignment = 32 : i64} : memref<8192xi8>, vector<32xi8>
        %v_9 = vector.shuffle %a_1, %a_1 [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1] : vector<32xi8>, vector<32xi8>
        %at_a_2 = arith.addi %pixel_a_2, %step_a : index
        %a_2 = vector.load %a[%at_a_2] {alignment = 32 : i64} : memref<8192xi8>, vector<32xi8>
        %v_10 = vector.shuffle %a_2, %a_2 [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1] : vector<32xi8>, vector<32xi8>
        %at_a_3 = arith.addi %pixel_a_3, %step_a : index
        %a_3 = vector.load %a[%at_a_3] {alignment = 32 : i64} : memref<8192xi8>, vector<32xi8>
        %v_11 = vector.shuffle %a_3, %a_3 [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1] : vector<32xi8>, vector<32xi8>
        %at_a_4 = arith.addi %pixel_a_4, %step_a : index
        %a_4 = vector.load %a[%at_a_4] {alignment = 32 : i64} : memref<8192xi8>, vector<32xi8>
        %v_12 = vector.shuffle %a_4, %a_4 [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1] : vector<32xi8>, vector<32xi8>
        %at_a_5 = arith.addi %pixel_a_5, %step_a : index
        %a_5 = vector.load %a[%at_a_5] {alignment = 32 : i64} : memref<8192xi8>, vector<32xi8>
        %v_13 = vector.shuffle %a_5, %a_5 [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1] : vector<32xi8>, vector<32xi8>
        %at_a_6 = arith.addi %pixel_a_6, %step_a : index
        %a_6 = vector.load %a[%at_a_6] {alignment = 32 : i64} : memref<8192xi8>, vector<32xi8>
        %v_14 = vector.shuffle %a_6, %a_6 [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1] : vector<32xi8>, vector<32xi8>
        %y_0 = func.call @llvm.aie2.I512.I512.ACC1024.acc32.mac.conf(%v_8, %v_7, %acc_8, %mode) : (vector<64xi8>, vector<16xi32>, vector<16xi64>, i32) -> vector<16xi64>
        %y_1 = func.call @llvm.aie2.I512.I512.ACC1024.acc32.mac.conf(%v_9, %v_7, %acc_9, %mode) : (vector<64xi8>, vector<16xi32>, vector<16xi64>, i32) -> vector<16xi64>
        %y_2 = func.call @llvm.aie2.I512.I512.ACC1024.acc32.mac.conf(%v_10, %v_7, %acc_10, %mode) : (vector<64xi8>, vector<16xi32>, vector<16xi64>, i32) -> vector<16xi64>
        %y_3 = func.call @llvm.aie2.I512.I512.ACC1024.acc32.mac.conf(%v_11, %v_7, %acc_11, %mode) : (vector<64xi8>, vector<16xi32>, vector<16xi64>, i32) -> vector<16xi64>
        %y_4 = func.call @llvm.aie2.I512.I512.ACC1024.acc32.mac.conf(%v_12, %v_7, %acc_12, %mode) : (vector<64xi8>, vector<16xi32>, vector<16xi64>, i32) -> vector<16xi64>
        %y_5 = func.call @llvm.aie2.I512.I512.ACC1024.acc32.mac.conf(%v_13, %v_7, %acc_13, %mode) : (vector<64xi8>, vector<16xi32>, vector<16xi64>, i32) -> vector<16xi64>
        %y_6 = func.call @llvm.aie2.I512.I512.ACC1024.acc32.mac.conf(%v_14, %v_7, %acc_14, %mode) : (vector<64xi8>, vector<16xi32>, vector<16xi64>, i32) -> vector<16xi64>
        scf.yield %y_0, %y_1, %y_2, %y_3, %y_4, %y_5, %y_6 : vector<16xi64>, vector<16xi64>, vector<16xi64>, vector<16xi64>, vector<16xi64>, vector<16xi64>, vector<16xi64>
      }
      %v_15 = vector.bitcast %sum#0 : vector<16xi64> to vector<32xi32>
      vector.store %v_15, %c[%block_c_0] {alignment = 32 : i64} : memref<4352xi32>, vector<32xi32>
      %v_16 = vector.bitcast %sum#1 : vector<16xi64> to vector<32xi32>
      vector.store %v_16, %c[%block_c_1] {alignment = 32 : i64} : memref<4352xi32>, vector<32xi32>
      %v_17 = vector.bitcast %sum#2 : vector<16xi64> to vector<32xi32>
      vector.store %v_17, %c[%block_c_2] {alignment = 32 : i64} : memref<4352xi32>, vector<32xi32>
      %v_18 = vector.bitcast %sum#3 : vector<16xi64> to vector<32xi32>
      vector.store %v_18, %c[%block_c_3] {alignment = 32 : i64} : memref<4352xi32>, vector<32xi32>
      %v_19 = vector.bitcast %sum#4 : vector<16xi64> to vector<32xi32>
      vector.store %v_19, %c[%block_c_4] {alignment = 32 : i64} : memref<4352xi32>, vector<32xi32>
      %v_20 = vector.bitcast %sum#5 : vector<16xi64> to vector<32xi32>
      vector.store %v_20, %c[%block_c_5] {alignment = 32 : i64} : memref<4352xi32>, vector<32xi32>
      %v_21 = vector.bitcast %sum#6 : vector<16xi64> to vector<32xi32>
      vector.store %v_21, %c[%block_c_6] {alignment = 32 : i64} : memref<4352xi32>, vector<32xi32>
      scf.yield %next_b : index
    }
    scf.yield %row_c_7 : index
  }
  return
}
