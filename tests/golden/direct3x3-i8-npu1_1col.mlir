module {
  aie.device(npu1_1col) {
    %shim_0 = aie.tile(0, 0)
    %mem_0 = aie.tile(0, 1)
    %core_0_0 = aie.tile(0, 2)
    aie.objectfifo @b_l3_0(%shim_0, {%mem_0}, 2 : i32) : !aie.objectfifo<memref<1216xi8>>
    aie.objectfifo @b_l1_0(%mem_0, {%core_0_0}, [2, 2]) : !aie.objectfifo<memref<1216xi8>>
    aie.objectfifo.link [@b_l3_0] -> [@b_l1_0] ([] [])
    aie.objectfifo @c_l1_0_0(%core_0_0, {%mem_0}, 2 : i32) : !aie.objectfifo<memref<256xi32>>
    aie.objectfifo @c_l3_0(%mem_0 dimensionsToStream [<size = 4, stride = 8>, <size = 8, stride = 32>, <size = 1, stride = 32>, <size = 8, stride = 1>], {%shim_0}, 2 : i32) : !aie.objectfifo<memref<256xi32>>
    aie.objectfifo.link [@c_l1_0_0] -> [@c_l3_0] ([] [])
    aie.objectfifo @a_l3_0(%shim_0, {%mem_0}, 2 : i32) : !aie.objectfifo<memref<960xi8>>
    aie.objectfifo @a_l1_0(%mem_0 dimensionsToStream [<size = 48, stride = 8>, <size = 4, stride = 192>, <size = 8, stride = 1>], {%core_0_0}, 2 : i32) {padDimensions = #aie<bd_pad_layout_array[<const_pad_before = 0, const_pad_after = 0>, <const_pad_before = 0, const_pad_after = 0>, <const_pad_before = 0, const_pad_after = 0>]>} : !aie.objectfifo<memref<1536xi8>>
    aie.objectfifo.link [@a_l3_0] -> [@a_l1_0] ([] [])
    %acc_0_0 = aie.buffer(%core_0_0) {sym_name = "acc_0_0"} : memref<256xi32>
    %parameters_0_0 = aie.buffer(%core_0_0) {sym_name = "parameters_0_0"} : memref<16xi32>
    func.func private @llvm.aie2.I512.I512.ACC1024.acc32.mac.conf(vector<64xi8>, vector<16xi32>, vector<16xi64>, i32) -> vector<16xi64>
    func.func private @take(%b: memref<1216xi8>, %parameters: memref<16xi32>) {
      %c_1 = arith.constant 1152 : index
      %c_2 = arith.constant 0 : index
      %v_3 = vector.load %b[%c_1] {alignment = 32 : i64} : memref<1216xi8>, vector<64xi8>
      %v_4 = vector.bitcast %v_3 : vector<64xi8> to vector<16xi32>
      vector.store %v_4, %parameters[%c_2] {alignment = 32 : i64} : memref<16xi32>, vector<16xi32>
      return
    }
    func.func private @start(%a: memref<1536xi8>, %b: memref<1216xi8>, %c: memref<256xi32>, %q: index) {
      %c_1 = arith.constant 776 : i32
      %c_2 = arith.constant 777 : i32
      %c_3 = arith.constant 1152 : index
      %i_4 = arith.muli %q, %c_3 : index
      %c_5 = arith.constant 0 : index
      %c_6 = arith.constant 0 : index
      %c_7 = arith.constant 0 : index
      %i_8 = arith.addi %c_6, %i_4 : index
      %c_9 = arith.constant 0 : index
      %c_10 = arith.constant 0 : index
      %c_11 = arith.constant 1 : index
      %c_12 = arith.constant 0 : index
      %c_13 = arith.constant 4 : index
      scf.for %g_14 = %c_12 to %c_13 step %c_11 {
        %c_15 = arith.constant 64 : index
        %i_16 = arith.muli %g_14, %c_15 : index
        %c_17 = arith.constant 0 : index
        %c_18 = arith.constant 32 : index
        %i_19 = arith.muli %g_14, %c_18 : index
        %i_20 = arith.addi %i_16, %c_5 : index
        %i_21 = arith.addi %c_17, %i_8 : index
        %c_22 = arith.constant 128 : index
        %i_23 = arith.addi %i_19, %c_22 : index
        %acc_24 = arith.constant dense<0> : vector<16xi64>
        %b_25 = vector.load %b[%i_21] {alignment = 32 : i64} : memref<1216xi8>, vector<64xi8>
        %v_26 = vector.bitcast %b_25 : vector<64xi8> to vector<16xi32>
        %a_27 = vector.load %a[%i_20] {alignment = 32 : i64} : memref<1536xi8>, vector<32xi8>
        %v_28 = vector.shuffle %a_27, %a_27 [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1] : vector<32xi8>, vector<32xi8>
        %c_29 = arith.constant 384 : index
        %i_30 = arith.addi %i_20, %c_29 : index
        %a_31 = vector.load %a[%i_30] {alignment = 32 : i64} : memref<1536xi8>, vector<32xi8>
        %v_32 = vector.shuffle %a_31, %a_31 [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1] : vector<32xi8>, vector<32xi8>
        %y_33 = func.call @llvm.aie2.I512.I512.ACC1024.acc32.mac.conf(%v_28, %v_26, %acc_24, %c_2) : (vector<64xi8>, vector<16xi32>, vector<16xi64>, i32) -> vector<16xi64>
        %y_34 = func.call @llvm.aie2.I512.I512.ACC1024.acc32.mac.conf(%v_32, %v_26, %acc_24, %c_2) : (vector<64xi8>, vector<16xi32>, vector<16xi64>, i32) -> vector<16xi64>
        %c_35 = arith.constant 192 : index
        %i_36 = arith.addi %i_21, %c_35 : index
        %b_37 = vector.load %b[%i_36] {alignment = 32 : i64} : memref<1216xi8>, vector<64xi8>
        %v_38 = vector.bitcast %b_37 : vector<64xi8> to vector<16xi32>
        %c_39 = arith.constant 768 : index
        %i_40 = arith.addi %i_20, %c_39 : index
        %a_41 = vector.load %a[%i_40] {alignment = 32 : i64} : memref<1536xi8>, vector<32xi8>
        %v_42 = vector.shuffle %a_41, %a_41 [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1] : vector<32xi8>, vector<32xi8>
        %y_43 = func.call @llvm.aie2.I512.I512.ACC1024.acc32.mac.conf(%v_32, %v_38, %y_33, %c_1) : (vector<64xi8>, vector<16xi32>, vector<16xi64>, i32) -> vector<16xi64>
        %y_44 = func.call @llvm.aie2.I512.I512.ACC1024.acc32.mac.conf(%v_42, %v_38, %y_34, %c_1) : (vector<64xi8>, vector<16xi32>, vector<16xi64>, i32) -> vector<16xi64>
        %c_45 = arith.constant 384 : index
        %i_46 = arith.addi %i_21, %c_45 : index
        %b_47 = vector.load %b[%i_46] {alignment = 32 : i64} : memref<1216xi8>, vector<64xi8>
        %v_48 = vector.bitcast %b_47 : vector<64xi8> to vector<16xi32>
        %c_49 = arith.constant 1152 : index
        %i_50 = arith.addi %i_20, %c_49 : index
        %a_51 = vector.load %a[%i_50] {alignment = 32 : i64} : memref<1536xi8>, vector<32xi8>
        %v_52 = vector.shuffle %a_51, %a_51 [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1] : vector<32xi8>, vector<32xi8>
        %y_53 = func.call @llvm.aie2.I512.I512.ACC1024.acc32.mac.conf(%v_42, %v_48, %y_43, %c_1) : (vector<64xi8>, vector<16xi32>, vector<16xi64>, i32) -> vector<16xi64>
        %y_54 = func.call @llvm.aie2.I512.I512.ACC1024.acc32.mac.conf(%v_52, %v_48, %y_44, %c_1) : (vector<64xi8>, vector<16xi32>, vector<16xi64>, i32) -> vector<16xi64>
        %c_55 = arith.constant 64 : index
        %i_56 = arith.addi %i_21, %c_55 : index
        %b_57 = vector.load %b[%i_56] {alignment = 32 : i64} : memref<1216xi8>, vector<64xi8>
        %v_58 = vector.bitcast %b_57 : vector<64xi8> to vector<16xi32>
        %c_59 = arith.constant 64 : index
        %i_60 = arith.addi %i_20, %c_59 : index
        %a_61 = vector.load %a[%i_60] {alignment = 32 : i64} : memref<1536xi8>, vector<32xi8>
        %v_62 = vector.shuffle %a_61, %a_61 [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1] : vector<32xi8>, vector<32xi8>
        %c_63 = arith.constant 448 : index
        %i_64 = arith.addi %i_20, %c_63 : index
        %a_65 = vector.load %a[%i_64] {alignment = 32 : i64} : memref<1536xi8>, vector<32xi8>
        %v_66 = vector.shuffle %a_65, %a_65 [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1] : vector<32xi8>, vector<32xi8>
        %y_67 = func.call @llvm.aie2.I512.I512.ACC1024.acc32.mac.conf(%v_62, %v_58, %y_53, %c_1) : (vector<64xi8>, vector<16xi32>, vector<16xi64>, i32) -> vector<16xi64>
        %y_68 = func.call @llvm.aie2.I512.I512.ACC1024.acc32.mac.conf(%v_66, %v_58, %y_54, %c_1) : (vector<64xi8>, vector<16xi32>, vector<16xi64>, i32) -> vector<16xi64>
        %c_69 = arith.constant 256 : index
        %i_70 = arith.addi %i_21, %c_69 : index
        %b_71 = vector.load %b[%i_70] {alignment = 32 : i64} : memref<1216xi8>, vector<64xi8>
        %v_72 = vector.bitcast %b_71 : vector<64xi8> to vector<16xi32>
        %c_73 = arith.constant 832 : index
        %i_74 = arith.addi %i_20, %c_73 : index
        %a_75 = vector.load %a[%i_74] {alignment = 32 : i64} : memref<1536xi8>, vector<32xi8>
        %v_76 = vector.shuffle %a_75, %a_75 [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1] : vector<32xi8>, vector<32xi8>
        %y_77 = func.call @llvm.aie2.I512.I512.ACC1024.acc32.mac.conf(%v_66, %v_72, %y_67, %c_1) : (vector<64xi8>, vector<16xi32>, vector<16xi64>, i32) -> vector<16xi64>
        %y_78 = func.call @llvm.aie2.I512.I512.ACC1024.acc32.mac.conf(%v_76, %v_72, %y_68, %c_1) : (vector<64xi8>, vector<16xi32>, vector<16xi64>, i32) -> vector<16xi64>
        %c_79 = arith.constant 448 : index
        %i_80 = arith.addi %i_21, %c_79 : index
        %b_81 = vector.load %b[%i_80] {alignment = 32 : i64} : memref<1216xi8>, vector<64xi8>
        %v_82 = vector.bitcast %b_81 : vector<64xi8> to vector<16xi32>
        %c_83 = arith.constant 1216 : index
        %i_84 = arith.addi %i_20, %c_83 : index
        %a_85 = vector.load %a[%i_84] {alignment = 32 : i64} : memref<1536xi8>, vector<32xi8>
        %v_86 = vector.shuffle %a_85, %a_85 [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1] : vector<32xi8>, vector<32xi8>
        %y_87 = func.call @llvm.aie2.I512.I512.ACC1024.acc32.mac.conf(%v_76, %v_82, %y_77, %c_1) : (vector<64xi8>, vector<16xi32>, vector<16xi64>, i32) -> vector<16xi64>
        %y_88 = func.call @llvm.aie2.I512.I512.ACC1024.acc32.mac.conf(%v_86, %v_82, %y_78, %c_1) : (vector<64xi8>, vector<16xi32>, vector<16xi64>, i32) -> vector<16xi64>
        %c_89 = arith.constant 128 : index
        %i_90 = arith.addi %i_21, %c_89 : index
        %b_91 = vector.load %b[%i_90] {alignment = 32 : i64} : memref<1216xi8>, vector<64xi8>
        %v_92 = vector.bitcast %b_91 : vector<64xi8> to vector<16xi32>
        %c_93 = arith.constant 128 : index
        %i_94 = arith.addi %i_20, %c_93 : index
        %a_95 = vector.load %a[%i_94] {alignment = 32 : i64} : memref<1536xi8>, vector<32xi8>
        %v_96 = vector.shuffle %a_95, %a_95 [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1] : vector<32xi8>, vector<32xi8>
        %c_97 = arith.constant 512 : index
        %i_98 = arith.addi %i_20, %c_97 : index
        %a_99 = vector.load %a[%i_98] {alignment = 32 : i64} : memref<1536xi8>, vector<32xi8>
        %v_100 = vector.shuffle %a_99, %a_99 [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1] : vector<32xi8>, vector<32xi8>
        %y_101 = func.call @llvm.aie2.I512.I512.ACC1024.acc32.mac.conf(%v_96, %v_92, %y_87, %c_1) : (vector<64xi8>, vector<16xi32>, vector<16xi64>, i32) -> vector<16xi64>
        %y_102 = func.call @llvm.aie2.I512.I512.ACC1024.acc32.mac.conf(%v_100, %v_92, %y_88, %c_1) : (vector<64xi8>, vector<16xi32>, vector<16xi64>, i32) -> vector<16xi64>
        %c_103 = arith.constant 320 : index
        %i_104 = arith.addi %i_21, %c_103 : index
        %b_105 = vector.load %b[%i_104] {alignment = 32 : i64} : memref<1216xi8>, vector<64xi8>
        %v_106 = vector.bitcast %b_105 : vector<64xi8> to vector<16xi32>
        %c_107 = arith.constant 896 : index
        %i_108 = arith.addi %i_20, %c_107 : index
        %a_109 = vector.load %a[%i_108] {alignment = 32 : i64} : memref<1536xi8>, vector<32xi8>
        %v_110 = vector.shuffle %a_109, %a_109 [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1] : vector<32xi8>, vector<32xi8>
        %y_111 = func.call @llvm.aie2.I512.I512.ACC1024.acc32.mac.conf(%v_100, %v_106, %y_101, %c_1) : (vector<64xi8>, vector<16xi32>, vector<16xi64>, i32) -> vector<16xi64>
        %y_112 = func.call @llvm.aie2.I512.I512.ACC1024.acc32.mac.conf(%v_110, %v_106, %y_102, %c_1) : (vector<64xi8>, vector<16xi32>, vector<16xi64>, i32) -> vector<16xi64>
        %c_113 = arith.constant 512 : index
        %i_114 = arith.addi %i_21, %c_113 : index
        %b_115 = vector.load %b[%i_114] {alignment = 32 : i64} : memref<1216xi8>, vector<64xi8>
        %v_116 = vector.bitcast %b_115 : vector<64xi8> to vector<16xi32>
        %c_117 = arith.constant 1280 : index
        %i_118 = arith.addi %i_20, %c_117 : index
        %a_119 = vector.load %a[%i_118] {alignment = 32 : i64} : memref<1536xi8>, vector<32xi8>
        %v_120 = vector.shuffle %a_119, %a_119 [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1] : vector<32xi8>, vector<32xi8>
        %y_121 = func.call @llvm.aie2.I512.I512.ACC1024.acc32.mac.conf(%v_110, %v_116, %y_111, %c_1) : (vector<64xi8>, vector<16xi32>, vector<16xi64>, i32) -> vector<16xi64>
        %y_122 = func.call @llvm.aie2.I512.I512.ACC1024.acc32.mac.conf(%v_120, %v_116, %y_112, %c_1) : (vector<64xi8>, vector<16xi32>, vector<16xi64>, i32) -> vector<16xi64>
        %c_123 = arith.constant 576 : index
        %i_124 = arith.addi %i_21, %c_123 : index
        %b_125 = vector.load %b[%i_124] {alignment = 32 : i64} : memref<1216xi8>, vector<64xi8>
        %v_126 = vector.bitcast %b_125 : vector<64xi8> to vector<16xi32>
        %c_127 = arith.constant 32 : index
        %i_128 = arith.addi %i_20, %c_127 : index
        %a_129 = vector.load %a[%i_128] {alignment = 32 : i64} : memref<1536xi8>, vector<32xi8>
        %v_130 = vector.shuffle %a_129, %a_129 [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1] : vector<32xi8>, vector<32xi8>
        %c_131 = arith.constant 416 : index
        %i_132 = arith.addi %i_20, %c_131 : index
        %a_133 = vector.load %a[%i_132] {alignment = 32 : i64} : memref<1536xi8>, vector<32xi8>
        %v_134 = vector.shuffle %a_133, %a_133 [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1] : vector<32xi8>, vector<32xi8>
        %y_135 = func.call @llvm.aie2.I512.I512.ACC1024.acc32.mac.conf(%v_130, %v_126, %y_121, %c_1) : (vector<64xi8>, vector<16xi32>, vector<16xi64>, i32) -> vector<16xi64>
        %y_136 = func.call @llvm.aie2.I512.I512.ACC1024.acc32.mac.conf(%v_134, %v_126, %y_122, %c_1) : (vector<64xi8>, vector<16xi32>, vector<16xi64>, i32) -> vector<16xi64>
        %c_137 = arith.constant 768 : index
        %i_138 = arith.addi %i_21, %c_137 : index
        %b_139 = vector.load %b[%i_138] {alignment = 32 : i64} : memref<1216xi8>, vector<64xi8>
        %v_140 = vector.bitcast %b_139 : vector<64xi8> to vector<16xi32>
        %c_141 = arith.constant 800 : index
        %i_142 = arith.addi %i_20, %c_141 : index
        %a_143 = vector.load %a[%i_142] {alignment = 32 : i64} : memref<1536xi8>, vector<32xi8>
        %v_144 = vector.shuffle %a_143, %a_143 [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1] : vector<32xi8>, vector<32xi8>
        %y_145 = func.call @llvm.aie2.I512.I512.ACC1024.acc32.mac.conf(%v_134, %v_140, %y_135, %c_1) : (vector<64xi8>, vector<16xi32>, vector<16xi64>, i32) -> vector<16xi64>
        %y_146 = func.call @llvm.aie2.I512.I512.ACC1024.acc32.mac.conf(%v_144, %v_140, %y_136, %c_1) : (vector<64xi8>, vector<16xi32>, vector<16xi64>, i32) -> vector<16xi64>
        %c_147 = arith.constant 960 : index
        %i_148 = arith.addi %i_21, %c_147 : index
        %b_149 = vector.load %b[%i_148] {alignment = 32 : i64} : memref<1216xi8>, vector<64xi8>
        %v_150 = vector.bitcast %b_149 : vector<64xi8> to vector<16xi32>
        %c_151 = arith.constant 1184 : index
        %i_152 = arith.addi %i_20, %c_151 : index
        %a_153 = vector.load %a[%i_152] {alignment = 32 : i64} : memref<1536xi8>, vector<32xi8>
        %v_154 = vector.shuffle %a_153, %a_153 [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1] : vector<32xi8>, vector<32xi8>
        %y_155 = func.call @llvm.aie2.I512.I512.ACC1024.acc32.mac.conf(%v_144, %v_150, %y_145, %c_1) : (vector<64xi8>, vector<16xi32>, vector<16xi64>, i32) -> vector<16xi64>
        %y_156 = func.call @llvm.aie2.I512.I512.ACC1024.acc32.mac.conf(%v_154, %v_150, %y_146, %c_1) : (vector<64xi8>, vector<16xi32>, vector<16xi64>, i32) -> vector<16xi64>
        %c_157 = arith.constant 640 : index
        %i_158 = arith.addi %i_21, %c_157 : index
        %b_159 = vector.load %b[%i_158] {alignment = 32 : i64} : memref<1216xi8>, vector<64xi8>
        %v_160 = vector.bitcast %b_159 : vector<64xi8> to vector<16xi32>
        %c_161 = arith.constant 96 : index
        %i_162 = arith.addi %i_20, %c_161 : index
        %a_163 = vector.load %a[%i_162] {alignment = 32 : i64} : memref<1536xi8>, vector<32xi8>
        %v_164 = vector.shuffle %a_163, %a_163 [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1] : vector<32xi8>, vector<32xi8>
        %c_165 = arith.constant 480 : index
        %i_166 = arith.addi %i_20, %c_165 : index
        %a_167 = vector.load %a[%i_166] {alignment = 32 : i64} : memref<1536xi8>, vector<32xi8>
        %v_168 = vector.shuffle %a_167, %a_167 [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1] : vector<32xi8>, vector<32xi8>
        %y_169 = func.call @llvm.aie2.I512.I512.ACC1024.acc32.mac.conf(%v_164, %v_160, %y_155, %c_1) : (vector<64xi8>, vector<16xi32>, vector<16xi64>, i32) -> vector<16xi64>
        %y_170 = func.call @llvm.aie2.I512.I512.ACC1024.acc32.mac.conf(%v_168, %v_160, %y_156, %c_1) : (vector<64xi8>, vector<16xi32>, vector<16xi64>, i32) -> vector<16xi64>
        %c_171 = arith.constant 832 : index
        %i_172 = arith.addi %i_21, %c_171 : index
        %b_173 = vector.load %b[%i_172] {alignment = 32 : i64} : memref<1216xi8>, vector<64xi8>
        %v_174 = vector.bitcast %b_173 : vector<64xi8> to vector<16xi32>
        %c_175 = arith.constant 864 : index
        %i_176 = arith.addi %i_20, %c_175 : index
        %a_177 = vector.load %a[%i_176] {alignment = 32 : i64} : memref<1536xi8>, vector<32xi8>
        %v_178 = vector.shuffle %a_177, %a_177 [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1] : vector<32xi8>, vector<32xi8>
        %y_179 = func.call @llvm.aie2.I512.I512.ACC1024.acc32.mac.conf(%v_168, %v_174, %y_169, %c_1) : (vector<64xi8>, vector<16xi32>, vector<16xi64>, i32) -> vector<16xi64>
        %y_180 = func.call @llvm.aie2.I512.I512.ACC1024.acc32.mac.conf(%v_178, %v_174, %y_170, %c_1) : (vector<64xi8>, vector<16xi32>, vector<16xi64>, i32) -> vector<16xi64>
        %c_181 = arith.constant 1024 : index
        %i_182 = arith.addi %i_21, %c_181 : index
        %b_183 = vector.load %b[%i_182] {alignment = 32 : i64} : memref<1216xi8>, vector<64xi8>
        %v_184 = vector.bitcast %b_183 : vector<64xi8> to vector<16xi32>
        %c_185 = arith.constant 1248 : index
        %i_186 = arith.addi %i_20, %c_185 : index
        %a_187 = vector.load %a[%i_186] {alignment = 32 : i64} : memref<1536xi8>, vector<32xi8>
        %v_188 = vector.shuffle %a_187, %a_187 [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1] : vector<32xi8>, vector<32xi8>
        %y_189 = func.call @llvm.aie2.I512.I512.ACC1024.acc32.mac.conf(%v_178, %v_184, %y_179, %c_1) : (vector<64xi8>, vector<16xi32>, vector<16xi64>, i32) -> vector<16xi64>
        %y_190 = func.call @llvm.aie2.I512.I512.ACC1024.acc32.mac.conf(%v_188, %v_184, %y_180, %c_1) : (vector<64xi8>, vector<16xi32>, vector<16xi64>, i32) -> vector<16xi64>
        %c_191 = arith.constant 704 : index
        %i_192 = arith.addi %i_21, %c_191 : index
        %b_193 = vector.load %b[%i_192] {alignment = 32 : i64} : memref<1216xi8>, vector<64xi8>
        %v_194 = vector.bitcast %b_193 : vector<64xi8> to vector<16xi32>
        %c_195 = arith.constant 160 : index
        %i_196 = arith.addi %i_20, %c_195 : index
        %a_197 = vector.load %a[%i_196] {alignment = 32 : i64} : memref<1536xi8>, vector<32xi8>
        %v_198 = vector.shuffle %a_197, %a_197 [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1] : vector<32xi8>, vector<32xi8>
        %c_199 = arith.constant 544 : index
        %i_200 = arith.addi %i_20, %c_199 : index
        %a_201 = vector.load %a[%i_200] {alignment = 32 : i64} : memref<1536xi8>, vector<32xi8>
        %v_202 = vector.shuffle %a_201, %a_201 [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1] : vector<32xi8>, vector<32xi8>
        %y_203 = func.call @llvm.aie2.I512.I512.ACC1024.acc32.mac.conf(%v_198, %v_194, %y_189, %c_1) : (vector<64xi8>, vector<16xi32>, vector<16xi64>, i32) -> vector<16xi64>
        %y_204 = func.call @llvm.aie2.I512.I512.ACC1024.acc32.mac.conf(%v_202, %v_194, %y_190, %c_1) : (vector<64xi8>, vector<16xi32>, vector<16xi64>, i32) -> vector<16xi64>
        %c_205 = arith.constant 896 : index
        %i_206 = arith.addi %i_21, %c_205 : index
        %b_207 = vector.load %b[%i_206] {alignment = 32 : i64} : memref<1216xi8>, vector<64xi8>
        %v_208 = vector.bitcast %b_207 : vector<64xi8> to vector<16xi32>
        %c_209 = arith.constant 928 : index
        %i_210 = arith.addi %i_20, %c_209 : index
        %a_211 = vector.load %a[%i_210] {alignment = 32 : i64} : memref<1536xi8>, vector<32xi8>
        %v_212 = vector.shuffle %a_211, %a_211 [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1] : vector<32xi8>, vector<32xi8>
        %y_213 = func.call @llvm.aie2.I512.I512.ACC1024.acc32.mac.conf(%v_202, %v_208, %y_203, %c_1) : (vector<64xi8>, vector<16xi32>, vector<16xi64>, i32) -> vector<16xi64>
        %y_214 = func.call @llvm.aie2.I512.I512.ACC1024.acc32.mac.conf(%v_212, %v_208, %y_204, %c_1) : (vector<64xi8>, vector<16xi32>, vector<16xi64>, i32) -> vector<16xi64>
        %c_215 = arith.constant 1088 : index
        %i_216 = arith.addi %i_21, %c_215 : index
        %b_217 = vector.load %b[%i_216] {alignment = 32 : i64} : memref<1216xi8>, vector<64xi8>
        %v_218 = vector.bitcast %b_217 : vector<64xi8> to vector<16xi32>
        %c_219 = arith.constant 1312 : index
        %i_220 = arith.addi %i_20, %c_219 : index
        %a_221 = vector.load %a[%i_220] {alignment = 32 : i64} : memref<1536xi8>, vector<32xi8>
        %v_222 = vector.shuffle %a_221, %a_221 [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1] : vector<32xi8>, vector<32xi8>
        %y_223 = func.call @llvm.aie2.I512.I512.ACC1024.acc32.mac.conf(%v_212, %v_218, %y_213, %c_1) : (vector<64xi8>, vector<16xi32>, vector<16xi64>, i32) -> vector<16xi64>
        %y_224 = func.call @llvm.aie2.I512.I512.ACC1024.acc32.mac.conf(%v_222, %v_218, %y_214, %c_1) : (vector<64xi8>, vector<16xi32>, vector<16xi64>, i32) -> vector<16xi64>
        %v_225 = vector.bitcast %y_223 : vector<16xi64> to vector<32xi32>
        vector.store %v_225, %c[%i_19] {alignment = 32 : i64} : memref<256xi32>, vector<32xi32>
        %v_226 = vector.bitcast %y_224 : vector<16xi64> to vector<32xi32>
        vector.store %v_226, %c[%i_23] {alignment = 32 : i64} : memref<256xi32>, vector<32xi32>
      }
      return
    }
    func.func private @finish(%acc: memref<256xi32>, %out: memref<256xi32>) {
      %c_1 = arith.constant 0 : index
      %c_2 = arith.constant 1 : index
      %c_3 = arith.constant 1 : index
      %c_4 = arith.constant 32 : index
      %c_5 = arith.constant 32 : index
      %c_6 = arith.constant 1 : index
      scf.for %n_7 = %c_1 to %c_3 step %c_6 {
        %c_8 = arith.constant 8 : index
        scf.for %m_9 = %c_1 to %c_8 step %c_2 {
          %i_10 = arith.muli %m_9, %c_4 : index
          %i_11 = arith.muli %n_7, %c_5 : index
          %i_12 = arith.addi %i_10, %i_11 : index
          %acc_13 = vector.load %acc[%i_12] {alignment = 32 : i64} : memref<256xi32>, vector<32xi32>
          vector.store %acc_13, %out[%i_12] {alignment = 32 : i64} : memref<256xi32>, vector<32xi32>
        }
      }
      return
    }
    %program_0_0 = aie.core(%core_0_0) {
      %c_1 = arith.constant 0 : index
      %c_2 = arith.constant 1 : index
      %c_3 = arith.constant 9223372036854775807 : index
      scf.for %call_4 = %c_1 to %c_3 step %c_2 {
        %s_5 = aie.objectfifo.acquire @b_l1_0(Consume, 1) : !aie.objectfifosubview<memref<1216xi8>>
        %o_6 = aie.objectfifo.subview.access %s_5[0] : !aie.objectfifosubview<memref<1216xi8>> -> memref<1216xi8>
        func.call @take(%o_6, %parameters_0_0) : (memref<1216xi8>, memref<16xi32>) -> ()
        %c_7 = arith.constant 0 : index
        %n_8 = memref.load %parameters_0_0[%c_7] : memref<16xi32>
        %n_9 = arith.index_cast %n_8 : i32 to index
        %c_10 = arith.constant 1 : index
        %n_11 = memref.load %parameters_0_0[%c_10] : memref<16xi32>
        %n_12 = arith.index_cast %n_11 : i32 to index
        %c_13 = arith.constant 1 : index
        scf.for %t_14 = %c_1 to %n_12 step %c_2 {
          %s_15 = aie.objectfifo.acquire @a_l1_0(Consume, 1) : !aie.objectfifosubview<memref<1536xi8>>
          %o_16 = aie.objectfifo.subview.access %s_15[0] : !aie.objectfifosubview<memref<1536xi8>> -> memref<1536xi8>
          func.call @start(%o_16, %o_6, %acc_0_0, %c_1) : (memref<1536xi8>, memref<1216xi8>, memref<256xi32>, index) -> ()
          aie.objectfifo.release @a_l1_0(Consume, 1)
          %s_17 = aie.objectfifo.acquire @c_l1_0_0(Produce, 1) : !aie.objectfifosubview<memref<256xi32>>
          %o_18 = aie.objectfifo.subview.access %s_17[0] : !aie.objectfifosubview<memref<256xi32>> -> memref<256xi32>
          func.call @finish(%acc_0_0, %o_18) : (memref<256xi32>, memref<256xi32>) -> ()
          aie.objectfifo.release @c_l1_0_0(Produce, 1)
        }
        aie.objectfifo.release @b_l1_0(Consume, 1)
        scf.for %p_19 = %c_2 to %n_9 step %c_2 {
          %s_20 = aie.objectfifo.acquire @b_l1_0(Consume, 1) : !aie.objectfifosubview<memref<1216xi8>>
          %o_21 = aie.objectfifo.subview.access %s_20[0] : !aie.objectfifosubview<memref<1216xi8>> -> memref<1216xi8>
          scf.for %t_22 = %c_1 to %n_12 step %c_2 {
            %s_23 = aie.objectfifo.acquire @a_l1_0(Consume, 1) : !aie.objectfifosubview<memref<1536xi8>>
            %o_24 = aie.objectfifo.subview.access %s_23[0] : !aie.objectfifosubview<memref<1536xi8>> -> memref<1536xi8>
            func.call @start(%o_24, %o_21, %acc_0_0, %c_1) : (memref<1536xi8>, memref<1216xi8>, memref<256xi32>, index) -> ()
            aie.objectfifo.release @a_l1_0(Consume, 1)
            %s_25 = aie.objectfifo.acquire @c_l1_0_0(Produce, 1) : !aie.objectfifosubview<memref<256xi32>>
            %o_26 = aie.objectfifo.subview.access %s_25[0] : !aie.objectfifosubview<memref<256xi32>> -> memref<256xi32>
            func.call @finish(%acc_0_0, %o_26) : (memref<256xi32>, memref<256xi32>) -> ()
            aie.objectfifo.release @c_l1_0_0(Produce, 1)
          }
          aie.objectfifo.release @b_l1_0(Consume, 1)
        }
      }
      aie.end
    } {dynamic_objfifo_lowering = true, stack_size = 2048 : i32}
    aie.runtime_sequence @sequence(%lhs: memref<1600xi8>, %weights: memref<1216xi8>, %result: memref<512xi32>) {
      aiex.npu.dma_memcpy_nd(%lhs[0, 0, 0, 0][1, 2, 10, 96][0, 64, 160, 1]) {id = 0 : i64, issue_token = true, metadata = @a_l3_0} : memref<1600xi8>
      aiex.npu.dma_memcpy_nd(%weights[0, 0, 0, 0][1, 1, 1, 1216][0, 0, 0, 1]) {id = 4 : i64, issue_token = true, metadata = @b_l3_0} : memref<1216xi8>
      aiex.npu.dma_memcpy_nd(%result[0, 0, 0, 0][1, 2, 8, 32][0, 32, 64, 1]) {id = 8 : i64, issue_token = true, metadata = @c_l3_0} : memref<512xi32>
      aiex.npu.dma_wait {symbol = @a_l3_0}
      aiex.npu.dma_wait {symbol = @b_l3_0}
      aiex.npu.dma_wait {symbol = @c_l3_0}
    }
  }
}
