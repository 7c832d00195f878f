// The parametric matrix product of AIE2P for bf16: any convolution's tile, its sizes read when it runs.
//
// C[pixel][channel] (+)= sum over the steps of K of A[pixel + step] x B[step][channel], in blocks of the
// 8x8x4 instruction: 2 blocks of pixels and 2 of channels in registers, f32 sums. A table says where each block
// of pixels begins in A, another how far a step (a tap of the window, and 8 of its channels) lies from there.
//
// Layouts, all contiguous: %a [pixels][K blocks][8][8]; %b [chunks][channel groups][steps][2][8][4];
// %c the run-time parameters (aie_conv/codegen/parametric.py declares them), behind them the sums as
// [pixel blocks][channel blocks][8][4] in i32 words. %object: which object of B, %chunk: which object of A of
// those whose steps B holds; %fresh: not 0 where sums begin from zero.
//
// A step takes 32 cycles for 4 products; a group 32 besides, to read and write its sums.
//
// It may assume: buffers are aligned to 32 bytes; the last group of pixels is filled by repeating a block; an
// object's channels are whole groups; products of sizes fit into 32 bits. Lengths of buffers are those of
// one layout: others replace them, and each constant with a `parameter` gets the place of that parameter.
func.func private @parametric_product(%a: memref<4096xbf16>, %b: memref<4608xbf16>, %c: memref<4320xi32>, %object: index, %chunk: index, %fresh: index) {
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  %group_c = arith.constant 64 : index
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
  %by_1 = arith.constant 32 : i32
  %pixel_c_words = arith.muli %pixel_c_word, %by_1 : i32
  %pixel_c = arith.index_cast %pixel_c_words : i32 to index
  %at_channel_groups = arith.constant {parameter = "channel_groups"} 8 : index
  %object_c_word = memref.load %c[%at_channel_groups] : memref<4320xi32>
  %by_2 = arith.constant 64 : i32
  %object_c_words = arith.muli %object_c_word, %by_2 : i32
  %object_c = arith.index_cast %object_c_words : i32 to index
  %at_steps_1 = arith.constant {parameter = "steps"} 6 : index
  %group_b_word = memref.load %c[%at_steps_1] : memref<4320xi32>
  %by_3 = arith.constant 64 : i32
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
      %to_next_0 = arith.constant 32 : index
      %block_c_2 = arith.addi %block_c_0, %to_next_0 : index
      %to_next_1 = arith.constant 32 : index
      %block_c_3 = arith.addi %block_c_1, %to_next_1 : index
      // The accumulators: zeros at the beginning of a tile, else what C holds.
      %begin:4 = scf.if %begins -> (vector<8x4xf32>, vector<8x4xf32>, vector<8x4xf32>, vector<8x4xf32>) {
        %acc_0 = arith.constant dense<0.000000e+00> : vector<8x4xf32>
        scf.yield %acc_0, %acc_0, %acc_0, %acc_0 : vector<8x4xf32>, vector<8x4xf32>, vector<8x4xf32>, vector<8x4xf32>
      } else {
        %v_0 = vector.load %c[%block_c_0] {alignment = 32 : i64} : memref<4320xi32>, vector<32xi32>
        %v_1 = vector.bitcast %v_0 : vector<32xi32> to vector<32xf32>
        %acc_1 = vector.shape_cast %v_1 : vector<32xf32> to vector<8x4xf32>
        %v_2 = vector.load %c[%block_c_2] {alignment = 32 : i64} : memref<4320xi32>, vector<32xi32>
        %v_3 = vector.bitcast %v_2 : vector<32xi32> to vector<32xf32>
        %acc_2 = vector.shape_cast %v_3 : vector<32xf32> to vector<8x4xf32>
        %v_4 = vector.load %c[%block_c_1] {alignment = 32 : i64} : memref<4320xi32>, vector<32xi32>
        %v_5 = vector.bitcast %v_4 : vector<32xi32> to vector<32xf32>
        %acc_3 = vector.shape_cast %v_5 : vector<32xf32> to vector<8x4xf32>
        %v_6 = vector.load %c[%block_c_3] {alignment = 32 : i64} : memref<4320xi32>, vector<32xi32>
        %v_7 = vector.bitcast %v_6 : vector<32xi32> to vector<32xf32>
        %acc_4 = vector.shape_cast %v_7 : vector<32xf32> to vector<8x4xf32>
        scf.yield %acc_1, %acc_2, %acc_3, %acc_4 : vector<8x4xf32>, vector<8x4xf32>, vector<8x4xf32>, vector<8x4xf32>
      }
      // The steps of K: a block of every pixel, times a block of every group of channels.
      %sum:4 = scf.for %step = %zero to %steps step %one iter_args(%acc_5 = %begin#0, %acc_6 = %begin#1, %acc_7 = %begin#2, %acc_8 = %begin#3) -> (vector<8x4xf32>, vector<8x4xf32>, vector<8x4xf32>, vector<8x4xf32>) {
        %step_table = arith.constant {parameter = "step_table"} 60 : index
        %at_2 = arith.addi %step, %step_table : index
        %step_word = memref.load %c[%at_2] : memref<4320xi32>
        %step_a = arith.index_cast %step_word : i32 to index
        %by_4 = arith.constant 64 : index
        %step_b_0 = arith.muli %step, %by_4 : index
        %step_b_1 = arith.addi %group_b_1, %step_b_0 : index
        %b_0 = vector.load %b[%step_b_1] {alignment = 32 : i64} : memref<4608xbf16>, vector<32xbf16>
        %v_8 = vector.shape_cast %b_0 : vector<32xbf16> to vector<8x4xbf16>
        %to_next_2 = arith.constant 32 : index
        %at_b = arith.addi %step_b_1, %to_next_2 : index
        %b_1 = vector.load %b[%at_b] {alignment = 32 : i64} : memref<4608xbf16>, vector<32xbf16>
        %v_9 = vector.shape_cast %b_1 : vector<32xbf16> to vector<8x4xbf16>
        %at_a_0 = arith.addi %pixel_a_0, %step_a : index
        %a_0 = vector.load %a[%at_a_0] {alignment = 32 : i64} : memref<4096xbf16>, vector<64xbf16>
        %v_10 = vector.shape_cast %a_0 : vector<64xbf16> to vector<8x8xbf16>
        %at_a_1 = arith.addi %pixel_a_1, %step_a : index
        %a_1 = vector.load %a[%at_a_1] {alignment = 32 : i64} : memref<4096xbf16>, vector<64xbf16>
        %v_11 = vector.shape_cast %a_1 : vector<64xbf16> to vector<8x8xbf16>
        %y_0 = aievec.matmul_aie2p %v_10, %v_8, %acc_5 : vector<8x8xbf16>, vector<8x4xbf16> into vector<8x4xf32>
        %y_1 = aievec.matmul_aie2p %v_10, %v_9, %acc_6 : vector<8x8xbf16>, vector<8x4xbf16> into vector<8x4xf32>
        %y_2 = aievec.matmul_aie2p %v_11, %v_8, %acc_7 : vector<8x8xbf16>, vector<8x4xbf16> into vector<8x4xf32>
        %y_3 = aievec.matmul_aie2p %v_11, %v_9, %acc_8 : vector<8x8xbf16>, vector<8x4xbf16> into vector<8x4xf32>
        scf.yield %y_0, %y_1, %y_2, %y_3 : vector<8x4xf32>, vector<8x4xf32>, vector<8x4xf32>, vector<8x4xf32>
      }
      %v_12 = vector.shape_cast %sum#0 : vector<8x4xf32> to vector<32xf32>
      %v_13 = vector.bitcast %v_12 : vector<32xf32> to vector<32xi32>
      vector.store %v_13, %c[%block_c_0] {alignment = 32 : i64} : memref<4320xi32>, vector<32xi32>
      %v_14 = vector.shape_cast %sum#1 : vector<8x4xf32> to vector<32xf32>
      %v_15 = vector.bitcast %v_14 : vector<32xf32> to vector<32xi32>
      vector.store %v_15, %c[%block_c_2] {alignment = 32 : i64} : memref<4320xi32>, vector<32xi32>
      %v_16 = vector.shape_cast %sum#2 : vector<8x4xf32> to vector<32xf32>
      %v_17 = vector.bitcast %v_16 : vector<32xf32> to vector<32xi32>
      vector.store %v_17, %c[%block_c_1] {alignment = 32 : i64} : memref<4320xi32>, vector<32xi32>
      %v_18 = vector.shape_cast %sum#3 : vector<8x4xf32> to vector<32xf32>
      %v_19 = vector.bitcast %v_18 : vector<32xf32> to vector<32xi32>
      vector.store %v_19, %c[%block_c_3] {alignment = 32 : i64} : memref<4320xi32>, vector<32xi32>
      scf.yield %next_b : index
    }
    scf.yield %row_c_2 : index
  }
  return
}
