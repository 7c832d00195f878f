// The parametric matrix product of AIE2P for i8: any convolution's tile, its sizes read when it runs.
//
// C[pixel][channel] (+)= sum over the steps of K of A[pixel + step] x B[step][channel], in blocks of the
// 8x8x8 instruction: 2 blocks of pixels and 2 of channels in registers, i32 sums. A table says where each block
// of pixels begins in A, another how far a step (a tap of the window, and 8 of its channels) lies from there.
//
// Layouts, all contiguous: %a [pixels][K blocks][8][8]; %b [chunks][channel groups][steps][2][8][8];
// %c the run-time parameters (aie_conv/codegen/parametric.py declares them), behind them the sums as
// [pixel blocks][channel blocks][8][8]. %object: which object of B, %chunk: which object of A of
// those whose steps B holds; %fresh: not 0 where sums begin from zero.
//
// A step takes 4 cycles for 4 products; a group 48 besides, to read and write its sums.
//
// It may assume: buffers are aligned to 32 bytes; the last group of pixels is filled by repeating a block; an
// object's channels are whole groups; products of sizes fit into 32 bits. Lengths of buffers are those of
// one layout: others replace them, and each constant with a `parameter` gets the place of that parameter.
func.func private @llvm.aie2p.I512.I512.ACC2048.mac.conf(vector<16xi32>, vector<32xi16>, vector<32xi64>, i32) -> vector<32xi64>
func.func private @parametric_product(%a: memref<8192xi8>, %b: memref<4608xi8>, %c: memref<4320xi32>, %object: index, %chunk: index, %fresh: index) {
  %mode = arith.constant 776 : i32
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  %group_c = arith.constant 128 : index
  // Sizes: steps of K, blocks of pixels, and elements of C from a block of pixels to the next, of an
  // object's channels, of B from a group of channels to the next, and of B for one object of A.
  %at_steps_0 = arith.constant {parameter = "steps"} 6 : index
  %steps_word = memref.load %c[%at_steps_0] : memref<4320xi32>
  %steps = arith.index_cast %steps_word : i32 to index
  %at_pixel_groups = arith.constant {parameter = "pixel_groups"} 7 : index
  %pixels_word = memref.load %c[%at_pixel_groups] : memref<4320xi32>
  %by_0 = arith.constant 2 : i32
  %pixels_words = arith.muli %pixels_word, %by_0 : i32
  %pixels = arith.index_cast %pixels_words : i32 to index
  %at_channel_blocks = arith.constant {parameter = "channel_blocks"} 9 : index
  %pixel_c_word = memref.load %c[%at_channel_blocks] : memref<4320xi32>
  %by_1 = arith.constant 64 : i32
  %pixel_c_words = arith.muli %pixel_c_word, %by_1 : i32
  %pixel_c = arith.index_cast %pixel_c_words : i32 to index
  %at_channel_groups = arith.constant {parameter = "channel_groups"} 8 : index
  %object_c_word = memref.load %c[%at_channel_groups] : memref<4320xi32>
  %by_2 = arith.constant 128 : i32
  %object_c_words = arith.muli %object_c_word, %by_2 : i32
  %object_c = arith.index_cast %object_c_words : i32 to index
  %at_steps_1 = arith.constant {parameter = "steps"} 6 : index
  %group_b_word = memref.load %c[%at_steps_1] : memref<4320xi32>
  %by_3 = arith.constant 128 : i32
  %group_b_words = arith.muli %group_b_word, %by_3 : i32
  %group_b_0 = arith.index_cast %group_b_words : i32 to index
  %at_chunk_elements = arith.constant {parameter = "chunk_elements"} 13 : index
  %chunk_b_word = memref.load %c[%at_chunk_elements] : memref<4320xi32>
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
  %sums = arith.constant {parameter = "sums"} 224 : index
  %first_sum = arith.addi %first_c, %sums : index
  // Groups of 2 blocks of pixels.
  %group_pixels = arith.constant 2 : index
  %end_c:1 = scf.for %group = %zero to %pixels step %group_pixels iter_args(%row_c_0 = %first_sum) -> (index) {
    // Where each block begins in A, from the table, and in C.
    %pixel_table_0 = arith.constant {parameter = "pixel_table"} 96 : index
    %at_0 = arith.addi %group, %pixel_table_0 : index
    %pixel_word_0 = memref.load %c[%at_0] : memref<4320xi32>
    %pixel_a_0 = arith.index_cast %pixel_word_0 : i32 to index
    %pixel_table_1 = arith.constant {parameter = "pixel_table", entry = 1 : i64} 97 : index
    %at_1 = arith.addi %group, %pixel_table_1 : index
    %pixel_word_1 = memref.load %c[%at_1] : memref<4320xi32>
    %pixel_a_1 = arith.index_cast %pixel_word_1 : i32 to index
    %row_c_1 = arith.addi %row_c_0, %pixel_c : index
    %row_c_2 = arith.addi %row_c_1, %pixel_c : index
    // Groups of 2 blocks of channels.
    %end_b:1 = scf.for %channel = %zero to %object_c step %group_c iter_args(%group_b_1 = %first_b) -> (index) {
      %next_b = arith.addi %group_b_1, %group_b_0 : index
      %block_c_0 = arith.addi %row_c_0, %channel : index
      %block_c_1 = arith.addi %row_c_1, %channel : index
      %to_next_0 = arith.constant 64 : index
      %block_c_2 = arith.addi %block_c_0, %to_next_0 : index
      %to_next_1 = arith.constant 64 : index
      %block_c_3 = arith.addi %block_c_1, %to_next_1 : index
      // The accumulators: zeros at the beginning of a tile, else what C holds.
      %begin:4 = scf.if %begins -> (vector<32xi64>, vector<32xi64>, vector<32xi64>, vector<32xi64>) {
        %acc_0 = arith.constant dense<0> : vector<32xi64>
        scf.yield %acc_0, %acc_0, %acc_0, %acc_0 : vector<32xi64>, vector<32xi64>, vector<32xi64>, vector<32xi64>
      } else {
        %acc_1 = vector.load %c[%block_c_0] {alignment = 32 : i64} : memref<4320xi32>, vector<64xi32>
        %v_0 = vector.bitcast %acc_1 : vector<64xi32> to vector<32xi64>
        %acc_2 = vector.load %c[%block_c_2] {alignment = 32 : i64} : memref<4320xi32>, vector<64xi32>
        %v_1 = vector.bitcast %acc_2 : vector<64xi32> to vector<32xi64>
        %acc_3 = vector.load %c[%block_c_1] {alignment = 32 : i64} : memref<4320xi32>, vector<64xi32>
        %v_2 = vector.bitcast %acc_3 : vector<64xi32> to vector<32xi64>
        %acc_4 = vector.load %c[%block_c_3] {alignment = 32 : i64} : memref<4320xi32>, vector<64xi32>
        %v_3 = vector.bitcast %acc_4 : vector<64xi32> to vector<32xi64>
        scf.yield %v_0, %v_1, %v_2, %v_3 : vector<32xi64>, vector<32xi64>, vector<32xi64>, vector<32xi64>
      }
      // The steps of K: a block of every pixel, times a block of every group of channels.
      %sum:4 = scf.for %step = %zero to %steps step %one iter_args(%acc_5 = %begin#0, %acc_6 = %begin#1, %acc_7 = %begin#2, %acc_8 = %begin#3) -> (vector<32xi64>, vector<32xi64>, vector<32xi64>, vector<32xi64>) {
        %step_table = arith.constant {parameter = "step_table"} 60 : index
        %at_2 = arith.addi %step, %step_table : index
        %step_word = memref.load %c[%at_2] : memref<4320xi32>
        %step_a = arith.index_cast %step_word : i32 to index
        %by_4 = arith.constant 128 : index
        %step_b_0 = arith.muli %step, %by_4 : index
        %step_b_1 = arith.addi %group_b_1, %step_b_0 : index
        %b_0 = vector.load %b[%step_b_1] {alignment = 32 : i64} : memref<4608xi8>, vector<64xi8>
        %v_4 = vector.bitcast %b_0 : vector<64xi8> to vector<32xi16>
        %to_next_2 = arith.constant 64 : index
        %at_b = arith.addi %step_b_1, %to_next_2 : index
        %b_1 = vector.load %b[%at_b] {alignment = 32 : i64} : memref<4608xi8>, vector<64xi8>
        %v_5 = vector.bitcast %b_1 : vector<64xi8> to vector<32xi16>
        %at_a_0 = arith.addi %pixel_a_0, %step_a : index
        %a_0 = vector.load %a[%at_a_0] {alignment = 32 : i64} : memref<8192xi8>, vector<64xi8>
        %v_6 = vector.bitcast %a_0 : vector<64xi8> to vector<16xi32>
        %at_a_1 = arith.addi %pixel_a_1, %step_a : index
        %a_1 = vector.load %a[%at_a_1] {alignment = 32 : i64} : memref<8192xi8>, vector<64xi8>
        %v_7 = vector.bitcast %a_1 : vector<64xi8> to vector<16xi32>
        %y_0 = func.call @llvm.aie2p.I512.I512.ACC2048.mac.conf(%v_6, %v_4, %acc_5, %mode) : (vector<16xi32>, vector<32xi16>, vector<32xi64>, i32) -> vector<32xi64>
        %y_1 = func.call @llvm.aie2p.I512.I512.ACC2048.mac.conf(%v_6, %v_5, %acc_6, %mode) : (vector<16xi32>, vector<32xi16>, vector<32xi64>, i32) -> vector<32xi64>
        %y_2 = func.call @llvm.aie2p.I512.I512.ACC2048.mac.conf(%v_7, %v_4, %acc_7, %mode) : (vector<16xi32>, vector<32xi16>, vector<32xi64>, i32) -> vector<32xi64>
        %y_3 = func.call @llvm.aie2p.I512.I512.ACC2048.mac.conf(%v_7, %v_5, %acc_8, %mode) : (vector<16xi32>, vector<32xi16>, vector<32xi64>, i32) -> vector<32xi64>
        scf.yield %y_0, %y_1, %y_2, %y_3 : vector<32xi64>, vector<32xi64>, vector<32xi64>, vector<32xi64>
      }
      %v_8 = vector.bitcast %sum#0 : vector<32xi64> to vector<64xi32>
      vector.store %v_8, %c[%block_c_0] {alignment = 32 : i64} : memref<4320xi32>, vector<64xi32>
      %v_9 = vector.bitcast %sum#1 : vector<32xi64> to vector<64xi32>
      vector.store %v_9, %c[%block_c_2] {alignment = 32 : i64} : memref<4320xi32>, vector<64xi32>
      %v_10 = vector.bitcast %sum#2 : vector<32xi64> to vector<64xi32>
      vector.store %v_10, %c[%block_c_1] {alignment = 32 : i64} : memref<4320xi32>, vector<64xi32>
      %v_11 = vector.bitcast %sum#3 : vector<32xi64> to vector<64xi32>
      vector.store %v_11, %c[%block_c_3] {alignment = 32 : i64} : memref<4320xi32>, vector<64xi32>
      scf.yield %next_b : index
    }
    scf.yield %row_c_2 : index
  }
  return
}
