// The parametric matrix product of AIE2P for bf16 as bfp16: any convolution's tile, its sizes read when it runs.
//
// C[pixel][channel] (+)= sum over the steps of K of A[pixel + step] x B[step][channel], in blocks of the
// 8x8x8 instruction: 2 blocks of pixels and 2 of channels in registers, f32 sums. A block of A is converted when
// it is loaded: each row of 8 shares an exponent. B comes converted, each output channel's 8 of a step together.
// A table says where each block of pixels begins in A, another how far a step (a tap of the window, and 8 of
// its channels) lies from there.
//
// Layouts, all contiguous: %a [pixels][K blocks][8][8]; %b a chunk behind the other, each the mantissas
// [channel groups][steps][2][8][8], a byte each, then the exponents [channel groups][steps][2][8];
// %c the run-time parameters (aie_conv/codegen/parametric.py declares them), behind them the sums as
// [pixel blocks][channel blocks][8][8] in i32 words. %object: which object of B, %chunk: which object of A of
// those whose steps B holds; %fresh: not 0 where sums begin from zero.
//
// A step takes 5 cycles for 4 products; a group 32 besides, to read and write its sums.
//
// It may assume: buffers are aligned to 64 bytes; the last group of pixels is filled by repeating a block; an
// object's channels are whole groups; products of sizes fit into 32 bits. Lengths of buffers are those of
// one layout: others replace them, and each constant with a `parameter` gets the place of that parameter.
func.func private @llvm.aie2p.v32bf16.to.v32accfloat(vector<32xbf16>) -> vector<32xf32>
func.func private @llvm.aie2p.v64accfloat.to.v64bfp16ebs8(vector<64xf32>) -> (vector<64xi8>, vector<8xi8>)
func.func private @llvm.aie2p.BFP576.BFP576.ACC2048.mac.conf(vector<64xi8>, vector<8xi8>, vector<64xi8>, vector<8xi8>, vector<64xi32>, i32) -> vector<64xi32>
func.func private @parametric_product(%a: memref<4096xbf16>, %b: memref<4608xbf16>, %c: memref<4320xi32>, %object: index, %chunk: index, %fresh: index) {
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  %conf = arith.constant 780 : i32
  %group_c = arith.constant 128 : index
  // Sizes: steps of K, blocks of pixels, and elements of C from a block of pixels to the next, of an
  // object's channels, of mantissas and of exponents from a group of channels to the next, of all
  // mantissas, and of B for one object of A. An element of B is two bytes.
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
  %by_3 = arith.constant 64 : i32
  %group_b_words = arith.muli %group_b_word, %by_3 : i32
  %group_b_0 = arith.index_cast %group_b_words : i32 to index
  %by_4 = arith.constant 8 : i32
  %group_e_words = arith.muli %group_b_word, %by_4 : i32
  %group_e_0 = arith.index_cast %group_e_words : i32 to index
  %at_channel_groups_1 = arith.constant {parameter = "channel_groups"} 8 : index
  %groups_word = memref.load %c[%at_channel_groups_1] : memref<4320xi32>
  %mantissas_words = arith.muli %groups_word, %group_b_words : i32
  %mantissas = arith.index_cast %mantissas_words : i32 to index
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
  %first_e = arith.addi %first_b, %mantissas : index
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
    %end_b:2 = scf.for %channel = %zero to %object_c step %group_c iter_args(%group_b_1 = %first_b, %group_e_1 = %first_e) -> (index, index) {
      %next_b = arith.addi %group_b_1, %group_b_0 : index
      %next_e = arith.addi %group_e_1, %group_e_0 : index
      %block_c_0 = arith.addi %row_c_0, %channel : index
      %block_c_1 = arith.addi %row_c_1, %channel : index
      %to_next_0 = arith.constant 64 : index
      %block_c_2 = arith.addi %block_c_0, %to_next_0 : index
      %to_next_1 = arith.constant 64 : index
      %block_c_3 = arith.addi %block_c_1, %to_next_1 : index
      // The accumulators: zeros at the beginning of a tile, else what C holds.
      %begin:4 = scf.if %begins -> (vector<64xi32>, vector<64xi32>, vector<64xi32>, vector<64xi32>) {
        %acc_0 = arith.constant dense<0> : vector<64xi32>
        scf.yield %acc_0, %acc_0, %acc_0, %acc_0 : vector<64xi32>, vector<64xi32>, vector<64xi32>, vector<64xi32>
      } else {
        %acc_1 = vector.load %c[%block_c_0] {alignment = 32 : i64} : memref<4320xi32>, vector<64xi32>
        %acc_2 = vector.load %c[%block_c_2] {alignment = 32 : i64} : memref<4320xi32>, vector<64xi32>
        %acc_3 = vector.load %c[%block_c_1] {alignment = 32 : i64} : memref<4320xi32>, vector<64xi32>
        %acc_4 = vector.load %c[%block_c_3] {alignment = 32 : i64} : memref<4320xi32>, vector<64xi32>
        scf.yield %acc_1, %acc_2, %acc_3, %acc_4 : vector<64xi32>, vector<64xi32>, vector<64xi32>, vector<64xi32>
      }
      // The steps of K: a block of every pixel, times a block of every group of channels.
      %sum:4 = scf.for %step = %zero to %steps step %one iter_args(%acc_5 = %begin#0, %acc_6 = %begin#1, %acc_7 = %begin#2, %acc_8 = %begin#3) -> (vector<64xi32>, vector<64xi32>, vector<64xi32>, vector<64xi32>) {
        %step_table = arith.constant {parameter = "step_table"} 60 : index
        %at_2 = arith.addi %step, %step_table : index
        %step_word = memref.load %c[%at_2] : memref<4320xi32>
        %step_a = arith.index_cast %step_word : i32 to index
        %by_5 = arith.constant 64 : index
        %step_b_0 = arith.muli %step, %by_5 : index
        %step_b_1 = arith.addi %group_b_1, %step_b_0 : index
        %by_6 = arith.constant 8 : index
        %step_e_0 = arith.muli %step, %by_6 : index
        %step_e_1 = arith.addi %group_e_1, %step_e_0 : index
        %b_0 = vector.load %b[%step_b_1] {alignment = 32 : i64} : memref<4608xbf16>, vector<32xbf16>
        %e_0 = vector.load %b[%step_e_1] {alignment = 4 : i64} : memref<4608xbf16>, vector<4xbf16>
        %bm_0 = vector.bitcast %b_0 : vector<32xbf16> to vector<64xi8>
        %be_0 = vector.bitcast %e_0 : vector<4xbf16> to vector<8xi8>
        %to_next_2 = arith.constant 32 : index
        %at_b = arith.addi %step_b_1, %to_next_2 : index
        %b_1 = vector.load %b[%at_b] {alignment = 32 : i64} : memref<4608xbf16>, vector<32xbf16>
        %to_next_3 = arith.constant 4 : index
        %at_e = arith.addi %step_e_1, %to_next_3 : index
        %e_1 = vector.load %b[%at_e] {alignment = 4 : i64} : memref<4608xbf16>, vector<4xbf16>
        %bm_1 = vector.bitcast %b_1 : vector<32xbf16> to vector<64xi8>
        %be_1 = vector.bitcast %e_1 : vector<4xbf16> to vector<8xi8>
        %half = arith.constant 32 : index
        %at_a_0 = arith.addi %pixel_a_0, %step_a : index
        %low_0 = vector.load %a[%at_a_0] {alignment = 32 : i64} : memref<4096xbf16>, vector<32xbf16>
        %at_high_0 = arith.addi %at_a_0, %half : index
        %high_0 = vector.load %a[%at_high_0] {alignment = 32 : i64} : memref<4096xbf16>, vector<32xbf16>
        %wide_low_0 = func.call @llvm.aie2p.v32bf16.to.v32accfloat(%low_0) : (vector<32xbf16>) -> vector<32xf32>
        %wide_high_0 = func.call @llvm.aie2p.v32bf16.to.v32accfloat(%high_0) : (vector<32xbf16>) -> vector<32xf32>
        %wide_0 = vector.shuffle %wide_low_0, %wide_high_0 [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63] : vector<32xf32>, vector<32xf32>
        %x_0:2 = func.call @llvm.aie2p.v64accfloat.to.v64bfp16ebs8(%wide_0) : (vector<64xf32>) -> (vector<64xi8>, vector<8xi8>)
        %at_a_1 = arith.addi %pixel_a_1, %step_a : index
        %low_1 = vector.load %a[%at_a_1] {alignment = 32 : i64} : memref<4096xbf16>, vector<32xbf16>
        %at_high_1 = arith.addi %at_a_1, %half : index
        %high_1 = vector.load %a[%at_high_1] {alignment = 32 : i64} : memref<4096xbf16>, vector<32xbf16>
        %wide_low_1 = func.call @llvm.aie2p.v32bf16.to.v32accfloat(%low_1) : (vector<32xbf16>) -> vector<32xf32>
        %wide_high_1 = func.call @llvm.aie2p.v32bf16.to.v32accfloat(%high_1) : (vector<32xbf16>) -> vector<32xf32>
        %wide_1 = vector.shuffle %wide_low_1, %wide_high_1 [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63] : vector<32xf32>, vector<32xf32>
        %x_1:2 = func.call @llvm.aie2p.v64accfloat.to.v64bfp16ebs8(%wide_1) : (vector<64xf32>) -> (vector<64xi8>, vector<8xi8>)
        %y_0 = func.call @llvm.aie2p.BFP576.BFP576.ACC2048.mac.conf(%x_0#0, %x_0#1, %bm_0, %be_0, %acc_5, %conf) : (vector<64xi8>, vector<8xi8>, vector<64xi8>, vector<8xi8>, vector<64xi32>, i32) -> vector<64xi32>
        %y_1 = func.call @llvm.aie2p.BFP576.BFP576.ACC2048.mac.conf(%x_0#0, %x_0#1, %bm_1, %be_1, %acc_6, %conf) : (vector<64xi8>, vector<8xi8>, vector<64xi8>, vector<8xi8>, vector<64xi32>, i32) -> vector<64xi32>
        %y_2 = func.call @llvm.aie2p.BFP576.BFP576.ACC2048.mac.conf(%x_1#0, %x_1#1, %bm_0, %be_0, %acc_7, %conf) : (vector<64xi8>, vector<8xi8>, vector<64xi8>, vector<8xi8>, vector<64xi32>, i32) -> vector<64xi32>
        %y_3 = func.call @llvm.aie2p.BFP576.BFP576.ACC2048.mac.conf(%x_1#0, %x_1#1, %bm_1, %be_1, %acc_8, %conf) : (vector<64xi8>, vector<8xi8>, vector<64xi8>, vector<8xi8>, vector<64xi32>, i32) -> vector<64xi32>
        scf.yield %y_0, %y_1, %y_2, %y_3 : vector<64xi32>, vector<64xi32>, vector<64xi32>, vector<64xi32>
      }
      vector.store %sum#0, %c[%block_c_0] {alignment = 32 : i64} : memref<4320xi32>, vector<64xi32>
      vector.store %sum#1, %c[%block_c_2] {alignment = 32 : i64} : memref<4320xi32>, vector<64xi32>
      vector.store %sum#2, %c[%block_c_1] {alignment = 32 : i64} : memref<4320xi32>, vector<64xi32>
      vector.store %sum#3, %c[%block_c_3] {alignment = 32 : i64} : memref<4320xi32>, vector<64xi32>
      scf.yield %next_b, %next_e : index, index
    }
    scf.yield %row_c_2 : index
  }
  return
}
