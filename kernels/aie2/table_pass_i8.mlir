// The pass over a table of bytes on AIE2: each byte of an object of the output becomes its entry.
//
// An entry is a byte of a sum of hinges: base + sum over the hinges of max(byte, knot) * factor, shifted to the
// left so that the entry is its third byte. An instruction adds two products in a lane, both the same here: sums are twice as
// great.
//
// Layouts: %out [steps][128] bytes, read and written in place; %c the run-time parameters
// (aie_conv/codegen/tables/pass_over.py declares them). A word of hinges is knot, factor, knot, factor, a byte each.
//
// A step takes about 6 cycles a hinge and 36 besides; a call 20.
//
// It may assume: %out is aligned to 32 bytes and a multiple of 128 of them; without a table there are no steps.
// Lengths of buffers are those of one layout: others replace them, and each constant with a `parameter` gets
// the place of that parameter.
func.func private @llvm.aie2.I512.I512.ACC1024.acc32.mac.conf(vector<64xi8>, vector<16xi32>, vector<16xi64>, i32) -> vector<16xi64>
func.func private @table_pass(%c: memref<32xi32>, %out: memref<1024xi8>) {
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  // Steps of the pass, and words of hinges.
  %at_steps = arith.constant {parameter = "table_steps"} 0 : index
  %steps_word = memref.load %c[%at_steps] : memref<32xi32>
  %steps = arith.index_cast %steps_word : i32 to index
  %at_words = arith.constant {parameter = "table_words"} 1 : index
  %words_word = memref.load %c[%at_words] : memref<32xi32>
  %words = arith.index_cast %words_word : i32 to index
  // What sums start from, and how far they are shifted, in every lane.
  %at_base = arith.constant {parameter = "table_base"} 2 : index
  %base_word = memref.load %c[%at_base] : memref<32xi32>
  %base_some = vector.broadcast %base_word : i32 to vector<16xi32>
  %base_lanes = vector.shuffle %base_some, %base_some [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15] : vector<16xi32>, vector<16xi32>
  %base = vector.bitcast %base_lanes : vector<32xi32> to vector<16xi64>
  %at_left = arith.constant {parameter = "table_left"} 3 : index
  %left_word = memref.load %c[%at_left] : memref<32xi32>
  %left_some = vector.broadcast %left_word : i32 to vector<16xi32>
  %left = vector.shuffle %left_some, %left_some [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15] : vector<16xi32>, vector<16xi32>
  %mode = arith.constant 808 : i32
  %first_hinges = arith.constant {parameter = "hinges"} 4 : index
  scf.for %step = %zero to %steps step %one {
    // A step: 128 bytes, whose sums stay in registers over all hinges.
    %step_bytes = arith.constant 128 : index
    %place_0 = arith.muli %step, %step_bytes : index
    %to_1 = arith.constant 32 : index
    %place_1 = arith.addi %place_0, %to_1 : index
    %to_2 = arith.constant 64 : index
    %place_2 = arith.addi %place_0, %to_2 : index
    %to_3 = arith.constant 96 : index
    %place_3 = arith.addi %place_0, %to_3 : index
    %bytes_0 = vector.load %out[%place_0] {alignment = 32 : i64} : memref<1024xi8>, vector<32xi8>
    %bytes_1 = vector.load %out[%place_1] {alignment = 32 : i64} : memref<1024xi8>, vector<32xi8>
    %bytes_2 = vector.load %out[%place_2] {alignment = 32 : i64} : memref<1024xi8>, vector<32xi8>
    %bytes_3 = vector.load %out[%place_3] {alignment = 32 : i64} : memref<1024xi8>, vector<32xi8>
    %twice_0 = vector.shuffle %bytes_0, %bytes_0 [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31] : vector<32xi8>, vector<32xi8>
    %twice_1 = vector.shuffle %bytes_1, %bytes_1 [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31] : vector<32xi8>, vector<32xi8>
    %twice_2 = vector.shuffle %bytes_2, %bytes_2 [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31] : vector<32xi8>, vector<32xi8>
    %twice_3 = vector.shuffle %bytes_3, %bytes_3 [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31] : vector<32xi8>, vector<32xi8>
    %sums:4 = scf.for %number = %zero to %words step %one iter_args(%acc_0 = %base, %acc_1 = %base, %acc_2 = %base, %acc_3 = %base) -> (vector<16xi64>, vector<16xi64>, vector<16xi64>, vector<16xi64>) {
      // Two hinges.
      %at_hinges = arith.addi %first_hinges, %number : index
      %hinges = memref.load %c[%at_hinges] : memref<32xi32>
      %knot_0_byte = arith.trunci %hinges : i32 to i8
      %knot_0 = vector.broadcast %knot_0_byte : i8 to vector<64xi8>
      %by_factor_0 = arith.constant 8 : i32
      %factor_0_word = arith.shrui %hinges, %by_factor_0 : i32
      %factor_0_byte = arith.trunci %factor_0_word : i32 to i8
      %factor_0_lanes = vector.broadcast %factor_0_byte : i8 to vector<64xi8>
      %factor_0 = vector.bitcast %factor_0_lanes : vector<64xi8> to vector<16xi32>
      %reached_0_0 = arith.maxsi %twice_0, %knot_0 : vector<64xi8>
      %sum_0_0 = func.call @llvm.aie2.I512.I512.ACC1024.acc32.mac.conf(%reached_0_0, %factor_0, %acc_0, %mode) : (vector<64xi8>, vector<16xi32>, vector<16xi64>, i32) -> vector<16xi64>
      %reached_0_1 = arith.maxsi %twice_1, %knot_0 : vector<64xi8>
      %sum_0_1 = func.call @llvm.aie2.I512.I512.ACC1024.acc32.mac.conf(%reached_0_1, %factor_0, %acc_1, %mode) : (vector<64xi8>, vector<16xi32>, vector<16xi64>, i32) -> vector<16xi64>
      %reached_0_2 = arith.maxsi %twice_2, %knot_0 : vector<64xi8>
      %sum_0_2 = func.call @llvm.aie2.I512.I512.ACC1024.acc32.mac.conf(%reached_0_2, %factor_0, %acc_2, %mode) : (vector<64xi8>, vector<16xi32>, vector<16xi64>, i32) -> vector<16xi64>
      %reached_0_3 = arith.maxsi %twice_3, %knot_0 : vector<64xi8>
      %sum_0_3 = func.call @llvm.aie2.I512.I512.ACC1024.acc32.mac.conf(%reached_0_3, %factor_0, %acc_3, %mode) : (vector<64xi8>, vector<16xi32>, vector<16xi64>, i32) -> vector<16xi64>
      // The second of them.
      %by_knot = arith.constant 16 : i32
      %knot_1_word = arith.shrui %hinges, %by_knot : i32
      %knot_1_byte = arith.trunci %knot_1_word : i32 to i8
      %knot_1 = vector.broadcast %knot_1_byte : i8 to vector<64xi8>
      %by_factor_1 = arith.constant 24 : i32
      %factor_1_word = arith.shrui %hinges, %by_factor_1 : i32
      %factor_1_byte = arith.trunci %factor_1_word : i32 to i8
      %factor_1_lanes = vector.broadcast %factor_1_byte : i8 to vector<64xi8>
      %factor_1 = vector.bitcast %factor_1_lanes : vector<64xi8> to vector<16xi32>
      %reached_1_0 = arith.maxsi %twice_0, %knot_1 : vector<64xi8>
      %sum_1_0 = func.call @llvm.aie2.I512.I512.ACC1024.acc32.mac.conf(%reached_1_0, %factor_1, %sum_0_0, %mode) : (vector<64xi8>, vector<16xi32>, vector<16xi64>, i32) -> vector<16xi64>
      %reached_1_1 = arith.maxsi %twice_1, %knot_1 : vector<64xi8>
      %sum_1_1 = func.call @llvm.aie2.I512.I512.ACC1024.acc32.mac.conf(%reached_1_1, %factor_1, %sum_0_1, %mode) : (vector<64xi8>, vector<16xi32>, vector<16xi64>, i32) -> vector<16xi64>
      %reached_1_2 = arith.maxsi %twice_2, %knot_1 : vector<64xi8>
      %sum_1_2 = func.call @llvm.aie2.I512.I512.ACC1024.acc32.mac.conf(%reached_1_2, %factor_1, %sum_0_2, %mode) : (vector<64xi8>, vector<16xi32>, vector<16xi64>, i32) -> vector<16xi64>
      %reached_1_3 = arith.maxsi %twice_3, %knot_1 : vector<64xi8>
      %sum_1_3 = func.call @llvm.aie2.I512.I512.ACC1024.acc32.mac.conf(%reached_1_3, %factor_1, %sum_0_3, %mode) : (vector<64xi8>, vector<16xi32>, vector<16xi64>, i32) -> vector<16xi64>
      scf.yield %sum_1_0, %sum_1_1, %sum_1_2, %sum_1_3 : vector<16xi64>, vector<16xi64>, vector<16xi64>, vector<16xi64>
    }
    // The entries.
    %lanes_0 = vector.bitcast %sums#0 : vector<16xi64> to vector<32xi32>
    %shifted_0 = arith.shli %lanes_0, %left : vector<32xi32>
    %seen_0 = vector.bitcast %shifted_0 : vector<32xi32> to vector<128xi8>
    %entry_0 = vector.shuffle %seen_0, %seen_0 [2, 6, 10, 14, 18, 22, 26, 30, 34, 38, 42, 46, 50, 54, 58, 62, 66, 70, 74, 78, 82, 86, 90, 94, 98, 102, 106, 110, 114, 118, 122, 126] : vector<128xi8>, vector<128xi8>
    vector.store %entry_0, %out[%place_0] {alignment = 32 : i64} : memref<1024xi8>, vector<32xi8>
    %lanes_1 = vector.bitcast %sums#1 : vector<16xi64> to vector<32xi32>
    %shifted_1 = arith.shli %lanes_1, %left : vector<32xi32>
    %seen_1 = vector.bitcast %shifted_1 : vector<32xi32> to vector<128xi8>
    %entry_1 = vector.shuffle %seen_1, %seen_1 [2, 6, 10, 14, 18, 22, 26, 30, 34, 38, 42, 46, 50, 54, 58, 62, 66, 70, 74, 78, 82, 86, 90, 94, 98, 102, 106, 110, 114, 118, 122, 126] : vector<128xi8>, vector<128xi8>
    vector.store %entry_1, %out[%place_1] {alignment = 32 : i64} : memref<1024xi8>, vector<32xi8>
    %lanes_2 = vector.bitcast %sums#2 : vector<16xi64> to vector<32xi32>
    %shifted_2 = arith.shli %lanes_2, %left : vector<32xi32>
    %seen_2 = vector.bitcast %shifted_2 : vector<32xi32> to vector<128xi8>
    %entry_2 = vector.shuffle %seen_2, %seen_2 [2, 6, 10, 14, 18, 22, 26, 30, 34, 38, 42, 46, 50, 54, 58, 62, 66, 70, 74, 78, 82, 86, 90, 94, 98, 102, 106, 110, 114, 118, 122, 126] : vector<128xi8>, vector<128xi8>
    vector.store %entry_2, %out[%place_2] {alignment = 32 : i64} : memref<1024xi8>, vector<32xi8>
    %lanes_3 = vector.bitcast %sums#3 : vector<16xi64> to vector<32xi32>
    %shifted_3 = arith.shli %lanes_3, %left : vector<32xi32>
    %seen_3 = vector.bitcast %shifted_3 : vector<32xi32> to vector<128xi8>
    %entry_3 = vector.shuffle %seen_3, %seen_3 [2, 6, 10, 14, 18, 22, 26, 30, 34, 38, 42, 46, 50, 54, 58, 62, 66, 70, 74, 78, 82, 86, 90, 94, 98, 102, 106, 110, 114, 118, 122, 126] : vector<128xi8>, vector<128xi8>
    vector.store %entry_3, %out[%place_3] {alignment = 32 : i64} : memref<1024xi8>, vector<32xi8>
  }
  return
}
