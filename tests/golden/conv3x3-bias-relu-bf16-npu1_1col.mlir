module {
  aie.device(npu1_1col) {
    %shim_0 = aie.tile(0, 0)
    %mem_0 = aie.tile(0, 1)
    %core_0_0 = aie.tile(0, 2)
    %core_0_1 = aie.tile(0, 3)
    aie.objectfifo @b_l3_0(%shim_0, {%mem_0}, 2 : i32) : !aie.objectfifo<memref<2400xbf16>>
    aie.objectfifo @b_l1_0(%mem_0, {%core_0_0}, [2, 2]) : !aie.objectfifo<memref<1200xbf16>>
    aie.objectfifo @b_l1_1(%mem_0, {%core_0_1}, [2, 2]) : !aie.objectfifo<memref<1200xbf16>>
    aie.objectfifo.link [@b_l3_0] -> [@b_l1_0, @b_l1_1] ([] [0, 1200])
    aie.objectfifo @c_l1_0_0(%core_0_0, {%mem_0}, 2 : i32) : !aie.objectfifo<memref<256xbf16>>
    aie.objectfifo @c_l1_0_1(%core_0_1, {%mem_0}, 2 : i32) : !aie.objectfifo<memref<256xbf16>>
    aie.objectfifo @c_l3_0(%mem_0 dimensionsToStream [<size = 8, stride = 32>, <size = 4, stride = 4>, <size = 2, stride = 16>, <size = 4, stride = 1>], {%shim_0}, 2 : i32) : !aie.objectfifo<memref<512xbf16>>
    aie.objectfifo.link [@c_l1_0_0, @c_l1_0_1] -> [@c_l3_0] ([0, 256] [])
    aie.objectfifo @a_l3_0(%shim_0, {%mem_0}, 2 : i32) : !aie.objectfifo<memref<1536xbf16>>
    aie.objectfifo @a_l1_0(%mem_0 dimensionsToStream [<size = 6, stride = 8>, <size = 32, stride = 48>, <size = 8, stride = 1>], {%core_0_0, %core_0_1}, 2 : i32) : !aie.objectfifo<memref<1536xbf16>>
    aie.objectfifo.link [@a_l3_0] -> [@a_l1_0] ([] [])
    %acc_0_0 = aie.buffer(%core_0_0) {sym_name = "acc_0_0"} : memref<256xf32>
    %parameters_0_0 = aie.buffer(%core_0_0) {sym_name = "parameters_0_0"} : memref<16xi32>
    %acc_0_1 = aie.buffer(%core_0_1) {sym_name = "acc_0_1"} : memref<256xf32>
    %parameters_0_1 = aie.buffer(%core_0_1) {sym_name = "parameters_0_1"} : memref<16xi32>
    func.func private @llvm.aie2.bf.mac16.conf(vector<32xbf16>, vector<32xbf16>, vector<8xi64>, i32) -> vector<8xi64>
    func.func private @take(%b: memref<1200xbf16>, %parameters: memref<16xi32>) {
      %c_1 = arith.constant 1168 : index
      %c_2 = arith.constant 0 : index
      %v_3 = vector.load %b[%c_1] {alignment = 32 : i64} : memref<1200xbf16>, vector<32xbf16>
      %v_4 = vector.bitcast %v_3 : vector<32xbf16> to vector<16xi32>
      vector.store %v_4, %parameters[%c_2] {alignment = 32 : i64} : memref<16xi32>, vector<16xi32>
      return
    }
    func.func private @start(%a: memref<1536xbf16>, %b: memref<1200xbf16>, %c: memref<256xf32>, %q: index) {
      %c_1 = arith.constant 28 : i32
      %c_2 = arith.constant 29 : i32
      %c_3 = arith.constant 384 : index
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
        %c_18 = arith.constant 64 : index
        %i_19 = arith.muli %g_14, %c_18 : index
        %i_20 = arith.addi %i_16, %c_5 : index
        %i_21 = arith.addi %c_17, %i_8 : index
        %c_22 = arith.constant 16 : index
        %i_23 = arith.addi %i_19, %c_22 : index
        %c_24 = arith.constant 32 : index
        %i_25 = arith.addi %i_19, %c_24 : index
        %c_26 = arith.constant 48 : index
        %i_27 = arith.addi %i_19, %c_26 : index
        %acc_28 = arith.constant dense<0> : vector<8xi64>
        %b_29 = vector.load %b[%i_21] {alignment = 32 : i64} : memref<1200xbf16>, vector<32xbf16>
        %c_30 = arith.constant 192 : index
        %i_31 = arith.addi %i_21, %c_30 : index
        %b_32 = vector.load %b[%i_31] {alignment = 32 : i64} : memref<1200xbf16>, vector<32xbf16>
        %a_33 = vector.load %a[%i_20] {alignment = 32 : i64} : memref<1536xbf16>, vector<32xbf16>
        %c_34 = arith.constant 32 : index
        %i_35 = arith.addi %i_20, %c_34 : index
        %a_36 = vector.load %a[%i_35] {alignment = 32 : i64} : memref<1536xbf16>, vector<32xbf16>
        %y_37 = func.call @llvm.aie2.bf.mac16.conf(%a_33, %b_29, %acc_28, %c_2) : (vector<32xbf16>, vector<32xbf16>, vector<8xi64>, i32) -> vector<8xi64>
        %y_38 = func.call @llvm.aie2.bf.mac16.conf(%a_33, %b_32, %acc_28, %c_2) : (vector<32xbf16>, vector<32xbf16>, vector<8xi64>, i32) -> vector<8xi64>
        %y_39 = func.call @llvm.aie2.bf.mac16.conf(%a_36, %b_29, %acc_28, %c_2) : (vector<32xbf16>, vector<32xbf16>, vector<8xi64>, i32) -> vector<8xi64>
        %y_40 = func.call @llvm.aie2.bf.mac16.conf(%a_36, %b_32, %acc_28, %c_2) : (vector<32xbf16>, vector<32xbf16>, vector<8xi64>, i32) -> vector<8xi64>
        %c_41 = arith.constant 32 : index
        %i_42 = arith.addi %i_21, %c_41 : index
        %b_43 = vector.load %b[%i_42] {alignment = 32 : i64} : memref<1200xbf16>, vector<32xbf16>
        %c_44 = arith.constant 224 : index
        %i_45 = arith.addi %i_21, %c_44 : index
        %b_46 = vector.load %b[%i_45] {alignment = 32 : i64} : memref<1200xbf16>, vector<32xbf16>
        %c_47 = arith.constant 256 : index
        %i_48 = arith.addi %i_20, %c_47 : index
        %a_49 = vector.load %a[%i_48] {alignment = 32 : i64} : memref<1536xbf16>, vector<32xbf16>
        %c_50 = arith.constant 288 : index
        %i_51 = arith.addi %i_20, %c_50 : index
        %a_52 = vector.load %a[%i_51] {alignment = 32 : i64} : memref<1536xbf16>, vector<32xbf16>
        %y_53 = func.call @llvm.aie2.bf.mac16.conf(%a_49, %b_43, %y_37, %c_1) : (vector<32xbf16>, vector<32xbf16>, vector<8xi64>, i32) -> vector<8xi64>
        %y_54 = func.call @llvm.aie2.bf.mac16.conf(%a_49, %b_46, %y_38, %c_1) : (vector<32xbf16>, vector<32xbf16>, vector<8xi64>, i32) -> vector<8xi64>
        %y_55 = func.call @llvm.aie2.bf.mac16.conf(%a_52, %b_43, %y_39, %c_1) : (vector<32xbf16>, vector<32xbf16>, vector<8xi64>, i32) -> vector<8xi64>
        %y_56 = func.call @llvm.aie2.bf.mac16.conf(%a_52, %b_46, %y_40, %c_1) : (vector<32xbf16>, vector<32xbf16>, vector<8xi64>, i32) -> vector<8xi64>
        %c_57 = arith.constant 64 : index
        %i_58 = arith.addi %i_21, %c_57 : index
        %b_59 = vector.load %b[%i_58] {alignment = 32 : i64} : memref<1200xbf16>, vector<32xbf16>
        %c_60 = arith.constant 256 : index
        %i_61 = arith.addi %i_21, %c_60 : index
        %b_62 = vector.load %b[%i_61] {alignment = 32 : i64} : memref<1200xbf16>, vector<32xbf16>
        %c_63 = arith.constant 512 : index
        %i_64 = arith.addi %i_20, %c_63 : index
        %a_65 = vector.load %a[%i_64] {alignment = 32 : i64} : memref<1536xbf16>, vector<32xbf16>
        %c_66 = arith.constant 544 : index
        %i_67 = arith.addi %i_20, %c_66 : index
        %a_68 = vector.load %a[%i_67] {alignment = 32 : i64} : memref<1536xbf16>, vector<32xbf16>
        %y_69 = func.call @llvm.aie2.bf.mac16.conf(%a_65, %b_59, %y_53, %c_1) : (vector<32xbf16>, vector<32xbf16>, vector<8xi64>, i32) -> vector<8xi64>
        %y_70 = func.call @llvm.aie2.bf.mac16.conf(%a_65, %b_62, %y_54, %c_1) : (vector<32xbf16>, vector<32xbf16>, vector<8xi64>, i32) -> vector<8xi64>
        %y_71 = func.call @llvm.aie2.bf.mac16.conf(%a_68, %b_59, %y_55, %c_1) : (vector<32xbf16>, vector<32xbf16>, vector<8xi64>, i32) -> vector<8xi64>
        %y_72 = func.call @llvm.aie2.bf.mac16.conf(%a_68, %b_62, %y_56, %c_1) : (vector<32xbf16>, vector<32xbf16>, vector<8xi64>, i32) -> vector<8xi64>
        %c_73 = arith.constant 96 : index
        %i_74 = arith.addi %i_21, %c_73 : index
        %b_75 = vector.load %b[%i_74] {alignment = 32 : i64} : memref<1200xbf16>, vector<32xbf16>
        %c_76 = arith.constant 288 : index
        %i_77 = arith.addi %i_21, %c_76 : index
        %b_78 = vector.load %b[%i_77] {alignment = 32 : i64} : memref<1200xbf16>, vector<32xbf16>
        %c_79 = arith.constant 768 : index
        %i_80 = arith.addi %i_20, %c_79 : index
        %a_81 = vector.load %a[%i_80] {alignment = 32 : i64} : memref<1536xbf16>, vector<32xbf16>
        %c_82 = arith.constant 800 : index
        %i_83 = arith.addi %i_20, %c_82 : index
        %a_84 = vector.load %a[%i_83] {alignment = 32 : i64} : memref<1536xbf16>, vector<32xbf16>
        %y_85 = func.call @llvm.aie2.bf.mac16.conf(%a_81, %b_75, %y_69, %c_1) : (vector<32xbf16>, vector<32xbf16>, vector<8xi64>, i32) -> vector<8xi64>
        %y_86 = func.call @llvm.aie2.bf.mac16.conf(%a_81, %b_78, %y_70, %c_1) : (vector<32xbf16>, vector<32xbf16>, vector<8xi64>, i32) -> vector<8xi64>
        %y_87 = func.call @llvm.aie2.bf.mac16.conf(%a_84, %b_75, %y_71, %c_1) : (vector<32xbf16>, vector<32xbf16>, vector<8xi64>, i32) -> vector<8xi64>
        %y_88 = func.call @llvm.aie2.bf.mac16.conf(%a_84, %b_78, %y_72, %c_1) : (vector<32xbf16>, vector<32xbf16>, vector<8xi64>, i32) -> vector<8xi64>
        %c_89 = arith.constant 128 : index
        %i_90 = arith.addi %i_21, %c_89 : index
        %b_91 = vector.load %b[%i_90] {alignment = 32 : i64} : memref<1200xbf16>, vector<32xbf16>
        %c_92 = arith.constant 320 : index
        %i_93 = arith.addi %i_21, %c_92 : index
        %b_94 = vector.load %b[%i_93] {alignment = 32 : i64} : memref<1200xbf16>, vector<32xbf16>
        %c_95 = arith.constant 1024 : index
        %i_96 = arith.addi %i_20, %c_95 : index
        %a_97 = vector.load %a[%i_96] {alignment = 32 : i64} : memref<1536xbf16>, vector<32xbf16>
        %c_98 = arith.constant 1056 : index
        %i_99 = arith.addi %i_20, %c_98 : index
        %a_100 = vector.load %a[%i_99] {alignment = 32 : i64} : memref<1536xbf16>, vector<32xbf16>
        %y_101 = func.call @llvm.aie2.bf.mac16.conf(%a_97, %b_91, %y_85, %c_1) : (vector<32xbf16>, vector<32xbf16>, vector<8xi64>, i32) -> vector<8xi64>
        %y_102 = func.call @llvm.aie2.bf.mac16.conf(%a_97, %b_94, %y_86, %c_1) : (vector<32xbf16>, vector<32xbf16>, vector<8xi64>, i32) -> vector<8xi64>
        %y_103 = func.call @llvm.aie2.bf.mac16.conf(%a_100, %b_91, %y_87, %c_1) : (vector<32xbf16>, vector<32xbf16>, vector<8xi64>, i32) -> vector<8xi64>
        %y_104 = func.call @llvm.aie2.bf.mac16.conf(%a_100, %b_94, %y_88, %c_1) : (vector<32xbf16>, vector<32xbf16>, vector<8xi64>, i32) -> vector<8xi64>
        %c_105 = arith.constant 160 : index
        %i_106 = arith.addi %i_21, %c_105 : index
        %b_107 = vector.load %b[%i_106] {alignment = 32 : i64} : memref<1200xbf16>, vector<32xbf16>
        %c_108 = arith.constant 352 : index
        %i_109 = arith.addi %i_21, %c_108 : index
        %b_110 = vector.load %b[%i_109] {alignment = 32 : i64} : memref<1200xbf16>, vector<32xbf16>
        %c_111 = arith.constant 1280 : index
        %i_112 = arith.addi %i_20, %c_111 : index
        %a_113 = vector.load %a[%i_112] {alignment = 32 : i64} : memref<1536xbf16>, vector<32xbf16>
        %c_114 = arith.constant 1312 : index
        %i_115 = arith.addi %i_20, %c_114 : index
        %a_116 = vector.load %a[%i_115] {alignment = 32 : i64} : memref<1536xbf16>, vector<32xbf16>
        %y_117 = func.call @llvm.aie2.bf.mac16.conf(%a_113, %b_107, %y_101, %c_1) : (vector<32xbf16>, vector<32xbf16>, vector<8xi64>, i32) -> vector<8xi64>
        %y_118 = func.call @llvm.aie2.bf.mac16.conf(%a_113, %b_110, %y_102, %c_1) : (vector<32xbf16>, vector<32xbf16>, vector<8xi64>, i32) -> vector<8xi64>
        %y_119 = func.call @llvm.aie2.bf.mac16.conf(%a_116, %b_107, %y_103, %c_1) : (vector<32xbf16>, vector<32xbf16>, vector<8xi64>, i32) -> vector<8xi64>
        %y_120 = func.call @llvm.aie2.bf.mac16.conf(%a_116, %b_110, %y_104, %c_1) : (vector<32xbf16>, vector<32xbf16>, vector<8xi64>, i32) -> vector<8xi64>
        %v_121 = vector.bitcast %y_117 : vector<8xi64> to vector<16xf32>
        vector.store %v_121, %c[%i_19] {alignment = 32 : i64} : memref<256xf32>, vector<16xf32>
        %v_122 = vector.bitcast %y_118 : vector<8xi64> to vector<16xf32>
        vector.store %v_122, %c[%i_23] {alignment = 32 : i64} : memref<256xf32>, vector<16xf32>
        %v_123 = vector.bitcast %y_119 : vector<8xi64> to vector<16xf32>
        vector.store %v_123, %c[%i_25] {alignment = 32 : i64} : memref<256xf32>, vector<16xf32>
        %v_124 = vector.bitcast %y_120 : vector<8xi64> to vector<16xf32>
        vector.store %v_124, %c[%i_27] {alignment = 32 : i64} : memref<256xf32>, vector<16xf32>
      }
      return
    }
    func.func private @multiply(%a: memref<1536xbf16>, %b: memref<1200xbf16>, %c: memref<256xf32>, %q: index) {
      %c_1 = arith.constant 28 : i32
      %c_2 = arith.constant 384 : index
      %i_3 = arith.muli %q, %c_2 : index
      %c_4 = arith.constant 0 : index
      %c_5 = arith.constant 0 : index
      %c_6 = arith.constant 0 : index
      %i_7 = arith.addi %c_5, %i_3 : index
      %c_8 = arith.constant 0 : index
      %c_9 = arith.constant 0 : index
      %c_10 = arith.constant 1 : index
      %c_11 = arith.constant 0 : index
      %c_12 = arith.constant 4 : index
      scf.for %g_13 = %c_11 to %c_12 step %c_10 {
        %c_14 = arith.constant 64 : index
        %i_15 = arith.muli %g_13, %c_14 : index
        %c_16 = arith.constant 0 : index
        %c_17 = arith.constant 64 : index
        %i_18 = arith.muli %g_13, %c_17 : index
        %i_19 = arith.addi %i_15, %c_4 : index
        %i_20 = arith.addi %c_16, %i_7 : index
        %c_21 = arith.constant 16 : index
        %i_22 = arith.addi %i_18, %c_21 : index
        %c_23 = arith.constant 32 : index
        %i_24 = arith.addi %i_18, %c_23 : index
        %c_25 = arith.constant 48 : index
        %i_26 = arith.addi %i_18, %c_25 : index
        %acc_27 = vector.load %c[%i_18] {alignment = 32 : i64} : memref<256xf32>, vector<16xf32>
        %v_28 = vector.bitcast %acc_27 : vector<16xf32> to vector<8xi64>
        %acc_29 = vector.load %c[%i_22] {alignment = 32 : i64} : memref<256xf32>, vector<16xf32>
        %v_30 = vector.bitcast %acc_29 : vector<16xf32> to vector<8xi64>
        %acc_31 = vector.load %c[%i_24] {alignment = 32 : i64} : memref<256xf32>, vector<16xf32>
        %v_32 = vector.bitcast %acc_31 : vector<16xf32> to vector<8xi64>
        %acc_33 = vector.load %c[%i_26] {alignment = 32 : i64} : memref<256xf32>, vector<16xf32>
        %v_34 = vector.bitcast %acc_33 : vector<16xf32> to vector<8xi64>
        %b_35 = vector.load %b[%i_20] {alignment = 32 : i64} : memref<1200xbf16>, vector<32xbf16>
        %c_36 = arith.constant 192 : index
        %i_37 = arith.addi %i_20, %c_36 : index
        %b_38 = vector.load %b[%i_37] {alignment = 32 : i64} : memref<1200xbf16>, vector<32xbf16>
        %a_39 = vector.load %a[%i_19] {alignment = 32 : i64} : memref<1536xbf16>, vector<32xbf16>
        %c_40 = arith.constant 32 : index
        %i_41 = arith.addi %i_19, %c_40 : index
        %a_42 = vector.load %a[%i_41] {alignment = 32 : i64} : memref<1536xbf16>, vector<32xbf16>
        %y_43 = func.call @llvm.aie2.bf.mac16.conf(%a_39, %b_35, %v_28, %c_1) : (vector<32xbf16>, vector<32xbf16>, vector<8xi64>, i32) -> vector<8xi64>
        %y_44 = func.call @llvm.aie2.bf.mac16.conf(%a_39, %b_38, %v_30, %c_1) : (vector<32xbf16>, vector<32xbf16>, vector<8xi64>, i32) -> vector<8xi64>
        %y_45 = func.call @llvm.aie2.bf.mac16.conf(%a_42, %b_35, %v_32, %c_1) : (vector<32xbf16>, vector<32xbf16>, vector<8xi64>, i32) -> vector<8xi64>
        %y_46 = func.call @llvm.aie2.bf.mac16.conf(%a_42, %b_38, %v_34, %c_1) : (vector<32xbf16>, vector<32xbf16>, vector<8xi64>, i32) -> vector<8xi64>
        %c_47 = arith.constant 32 : index
        %i_48 = arith.addi %i_20, %c_47 : index
        %b_49 = vector.load %b[%i_48] {alignment = 32 : i64} : memref<1200xbf16>, vector<32xbf16>
        %c_50 = arith.constant 224 : index
        %i_51 = arith.addi %i_20, %c_50 : index
        %b_52 = vector.load %b[%i_51] {alignment = 32 : i64} : memref<1200xbf16>, vector<32xbf16>
        %c_53 = arith.constant 256 : index
        %i_54 = arith.addi %i_19, %c_53 : index
        %a_55 = vector.load %a[%i_54] {alignment = 32 : i64} : memref<1536xbf16>, vector<32xbf16>
        %c_56 = arith.constant 288 : index
        %i_57 = arith.addi %i_19, %c_56 : index
        %a_58 = vector.load %a[%i_57] {alignment = 32 : i64} : memref<1536xbf16>, vector<32xbf16>
        %y_59 = func.call @llvm.aie2.bf.mac16.conf(%a_55, %b_49, %y_43, %c_1) : (vector<32xbf16>, vector<32xbf16>, vector<8xi64>, i32) -> vector<8xi64>
        %y_60 = func.call @llvm.aie2.bf.mac16.conf(%a_55, %b_52, %y_44, %c_1) : (vector<32xbf16>, vector<32xbf16>, vector<8xi64>, i32) -> vector<8xi64>
        %y_61 = func.call @llvm.aie2.bf.mac16.conf(%a_58, %b_49, %y_45, %c_1) : (vector<32xbf16>, vector<32xbf16>, vector<8xi64>, i32) -> vector<8xi64>
        %y_62 = func.call @llvm.aie2.bf.mac16.conf(%a_58, %b_52, %y_46, %c_1) : (vector<32xbf16>, vector<32xbf16>, vector<8xi64>, i32) -> vector<8xi64>
        %c_63 = arith.constant 64 : index
        %i_64 = arith.addi %i_20, %c_63 : index
        %b_65 = vector.load %b[%i_64] {alignment = 32 : i64} : memref<1200xbf16>, vector<32xbf16>
        %c_66 = arith.constant 256 : index
        %i_67 = arith.addi %i_20, %c_66 : index
        %b_68 = vector.load %b[%i_67] {alignment = 32 : i64} : memref<1200xbf16>, vector<32xbf16>
        %c_69 = arith.constant 512 : index
        %i_70 = arith.addi %i_19, %c_69 : index
        %a_71 = vector.load %a[%i_70] {alignment = 32 : i64} : memref<1536xbf16>, vector<32xbf16>
        %c_72 = arith.constant 544 : index
        %i_73 = arith.addi %i_19, %c_72 : index
        %a_74 = vector.load %a[%i_73] {alignment = 32 : i64} : memref<1536xbf16>, vector<32xbf16>
        %y_75 = func.call @llvm.aie2.bf.mac16.conf(%a_71, %b_65, %y_59, %c_1) : (vector<32xbf16>, vector<32xbf16>, vector<8xi64>, i32) -> vector<8xi64>
        %y_76 = func.call @llvm.aie2.bf.mac16.conf(%a_71, %b_68, %y_60, %c_1) : (vector<32xbf16>, vector<32xbf16>, vector<8xi64>, i32) -> vector<8xi64>
        %y_77 = func.call @llvm.aie2.bf.mac16.conf(%a_74, %b_65, %y_61, %c_1) : (vector<32xbf16>, vector<32xbf16>, vector<8xi64>, i32) -> vector<8xi64>
        %y_78 = func.call @llvm.aie2.bf.mac16.conf(%a_74, %b_68, %y_62, %c_1) : (vector<32xbf16>, vector<32xbf16>, vector<8xi64>, i32) -> vector<8xi64>
        %c_79 = arith.constant 96 : index
        %i_80 = arith.addi %i_20, %c_79 : index
        %b_81 = vector.load %b[%i_80] {alignment = 32 : i64} : memref<1200xbf16>, vector<32xbf16>
        %c_82 = arith.constant 288 : index
        %i_83 = arith.addi %i_20, %c_82 : index
        %b_84 = vector.load %b[%i_83] {alignment = 32 : i64} : memref<1200xbf16>, vector<32xbf16>
        %c_85 = arith.constant 768 : index
        %i_86 = arith.addi %i_19, %c_85 : index
        %a_87 = vector.load %a[%i_86] {alignment = 32 : i64} : memref<1536xbf16>, vector<32xbf16>
        %c_88 = arith.constant 800 : index
        %i_89 = arith.addi %i_19, %c_88 : index
        %a_90 = vector.load %a[%i_89] {alignment = 32 : i64} : memref<1536xbf16>, vector<32xbf16>
        %y_91 = func.call @llvm.aie2.bf.mac16.conf(%a_87, %b_81, %y_75, %c_1) : (vector<32xbf16>, vector<32xbf16>, vector<8xi64>, i32) -> vector<8xi64>
        %y_92 = func.call @llvm.aie2.bf.mac16.conf(%a_87, %b_84, %y_76, %c_1) : (vector<32xbf16>, vector<32xbf16>, vector<8xi64>, i32) -> vector<8xi64>
        %y_93 = func.call @llvm.aie2.bf.mac16.conf(%a_90, %b_81, %y_77, %c_1) : (vector<32xbf16>, vector<32xbf16>, vector<8xi64>, i32) -> vector<8xi64>
        %y_94 = func.call @llvm.aie2.bf.mac16.conf(%a_90, %b_84, %y_78, %c_1) : (vector<32xbf16>, vector<32xbf16>, vector<8xi64>, i32) -> vector<8xi64>
        %c_95 = arith.constant 128 : index
        %i_96 = arith.addi %i_20, %c_95 : index
        %b_97 = vector.load %b[%i_96] {alignment = 32 : i64} : memref<1200xbf16>, vector<32xbf16>
        %c_98 = arith.constant 320 : index
        %i_99 = arith.addi %i_20, %c_98 : index
        %b_100 = vector.load %b[%i_99] {alignment = 32 : i64} : memref<1200xbf16>, vector<32xbf16>
        %c_101 = arith.constant 1024 : index
        %i_102 = arith.addi %i_19, %c_101 : index
        %a_103 = vector.load %a[%i_102] {alignment = 32 : i64} : memref<1536xbf16>, vector<32xbf16>
        %c_104 = arith.constant 1056 : index
        %i_105 = arith.addi %i_19, %c_104 : index
        %a_106 = vector.load %a[%i_105] {alignment = 32 : i64} : memref<1536xbf16>, vector<32xbf16>
        %y_107 = func.call @llvm.aie2.bf.mac16.conf(%a_103, %b_97, %y_91, %c_1) : (vector<32xbf16>, vector<32xbf16>, vector<8xi64>, i32) -> vector<8xi64>
        %y_108 = func.call @llvm.aie2.bf.mac16.conf(%a_103, %b_100, %y_92, %c_1) : (vector<32xbf16>, vector<32xbf16>, vector<8xi64>, i32) -> vector<8xi64>
        %y_109 = func.call @llvm.aie2.bf.mac16.conf(%a_106, %b_97, %y_93, %c_1) : (vector<32xbf16>, vector<32xbf16>, vector<8xi64>, i32) -> vector<8xi64>
        %y_110 = func.call @llvm.aie2.bf.mac16.conf(%a_106, %b_100, %y_94, %c_1) : (vector<32xbf16>, vector<32xbf16>, vector<8xi64>, i32) -> vector<8xi64>
        %c_111 = arith.constant 160 : index
        %i_112 = arith.addi %i_20, %c_111 : index
        %b_113 = vector.load %b[%i_112] {alignment = 32 : i64} : memref<1200xbf16>, vector<32xbf16>
        %c_114 = arith.constant 352 : index
        %i_115 = arith.addi %i_20, %c_114 : index
        %b_116 = vector.load %b[%i_115] {alignment = 32 : i64} : memref<1200xbf16>, vector<32xbf16>
        %c_117 = arith.constant 1280 : index
        %i_118 = arith.addi %i_19, %c_117 : index
        %a_119 = vector.load %a[%i_118] {alignment = 32 : i64} : memref<1536xbf16>, vector<32xbf16>
        %c_120 = arith.constant 1312 : index
        %i_121 = arith.addi %i_19, %c_120 : index
        %a_122 = vector.load %a[%i_121] {alignment = 32 : i64} : memref<1536xbf16>, vector<32xbf16>
        %y_123 = func.call @llvm.aie2.bf.mac16.conf(%a_119, %b_113, %y_107, %c_1) : (vector<32xbf16>, vector<32xbf16>, vector<8xi64>, i32) -> vector<8xi64>
        %y_124 = func.call @llvm.aie2.bf.mac16.conf(%a_119, %b_116, %y_108, %c_1) : (vector<32xbf16>, vector<32xbf16>, vector<8xi64>, i32) -> vector<8xi64>
        %y_125 = func.call @llvm.aie2.bf.mac16.conf(%a_122, %b_113, %y_109, %c_1) : (vector<32xbf16>, vector<32xbf16>, vector<8xi64>, i32) -> vector<8xi64>
        %y_126 = func.call @llvm.aie2.bf.mac16.conf(%a_122, %b_116, %y_110, %c_1) : (vector<32xbf16>, vector<32xbf16>, vector<8xi64>, i32) -> vector<8xi64>
        %v_127 = vector.bitcast %y_123 : vector<8xi64> to vector<16xf32>
        vector.store %v_127, %c[%i_18] {alignment = 32 : i64} : memref<256xf32>, vector<16xf32>
        %v_128 = vector.bitcast %y_124 : vector<8xi64> to vector<16xf32>
        vector.store %v_128, %c[%i_22] {alignment = 32 : i64} : memref<256xf32>, vector<16xf32>
        %v_129 = vector.bitcast %y_125 : vector<8xi64> to vector<16xf32>
        vector.store %v_129, %c[%i_24] {alignment = 32 : i64} : memref<256xf32>, vector<16xf32>
        %v_130 = vector.bitcast %y_126 : vector<8xi64> to vector<16xf32>
        vector.store %v_130, %c[%i_26] {alignment = 32 : i64} : memref<256xf32>, vector<16xf32>
      }
      return
    }
    func.func private @finish(%acc: memref<256xf32>, %b: memref<1200xbf16>, %out: memref<256xbf16>) {
      %c_1 = arith.constant 0 : index
      %c_2 = arith.constant 1 : index
      %c_3 = arith.constant 2 : index
      %c_4 = arith.constant 32 : index
      %c_5 = arith.constant 16 : index
      %k_6 = arith.constant dense<0.000000e+00> : vector<16xbf16>
      %c_7 = arith.constant 1 : index
      scf.for %n_8 = %c_1 to %c_3 step %c_7 {
        %c_9 = arith.constant 8 : index
        %i_10 = arith.muli %n_8, %c_9 : index
        %c_11 = arith.constant 1152 : index
        %i_12 = arith.addi %i_10, %c_11 : index
        %v_13 = vector.load %b[%i_12] {alignment = 16 : i64} : memref<1200xbf16>, vector<8xbf16>
        %v_14 = vector.bitcast %v_13 : vector<8xbf16> to vector<4xf32>
        %bias_15 = vector.shuffle %v_14, %v_14 [0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3] : vector<4xf32>, vector<4xf32>
        %c_16 = arith.constant 8 : index
        scf.for %m_17 = %c_1 to %c_16 step %c_2 {
          %i_18 = arith.muli %m_17, %c_4 : index
          %i_19 = arith.muli %n_8, %c_5 : index
          %i_20 = arith.addi %i_18, %i_19 : index
          %acc_21 = vector.load %acc[%i_20] {alignment = 32 : i64} : memref<256xf32>, vector<16xf32>
          %w_22 = vector.shuffle %acc_21, %acc_21 [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1] : vector<16xf32>, vector<16xf32>
          %w_23 = vector.shuffle %bias_15, %bias_15 [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1] : vector<16xf32>, vector<16xf32>
          %e_24 = arith.addf %w_22, %w_23 : vector<128xf32>
          %e_25 = vector.shuffle %e_24, %e_24 [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15] : vector<128xf32>, vector<128xf32>
          %e_26 = vector.bitcast %e_25 : vector<16xf32> to vector<16xi32>
          %k_27 = arith.constant dense<15> : vector<16xi32>
          %e_28 = arith.shli %e_26, %k_27 : vector<16xi32>
          %k_29 = arith.constant dense<31> : vector<16xi32>
          %e_30 = arith.shrui %e_28, %k_29 : vector<16xi32>
          %k_31 = arith.constant dense<32767> : vector<16xi32>
          %e_32 = arith.addi %e_26, %k_31 : vector<16xi32>
          %e_33 = arith.addi %e_32, %e_30 : vector<16xi32>
          %k_34 = arith.constant dense<1> : vector<16xi32>
          %e_35 = arith.shli %e_26, %k_34 : vector<16xi32>
          %k_36 = arith.constant dense<-16777216> : vector<16xi32>
          %is_37 = arith.cmpi ugt, %e_35, %k_36 : vector<16xi32>
          %k_38 = arith.constant dense<2143289344> : vector<16xi32>
          %e_39 = arith.select %is_37, %k_38, %e_33 : vector<16xi1>, vector<16xi32>
          %v_40 = vector.bitcast %e_39 : vector<16xi32> to vector<32xi16>
          %e_41 = vector.shuffle %v_40, %v_40 [1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31] : vector<32xi16>, vector<32xi16>
          %e_42 = vector.bitcast %e_41 : vector<16xi16> to vector<16xbf16>
          %w_43 = vector.shuffle %e_42, %e_42 [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1] : vector<16xbf16>, vector<16xbf16>
          %w_44 = vector.shuffle %k_6, %k_6 [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1] : vector<16xbf16>, vector<16xbf16>
          %e_45 = arith.maximumf %w_43, %w_44 : vector<128xbf16>
          %e_46 = vector.shuffle %e_45, %e_45 [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15] : vector<128xbf16>, vector<128xbf16>
          vector.store %e_46, %out[%i_20] {alignment = 32 : i64} : memref<256xbf16>, vector<16xbf16>
        }
      }
      return
    }
    %program_0_0 = aie.core(%core_0_0) {
      %c_1 = arith.constant 0 : index
      %c_2 = arith.constant 1 : index
      %c_3 = arith.constant 9223372036854775807 : index
      scf.for %call_4 = %c_1 to %c_3 step %c_2 {
        %s_5 = aie.objectfifo.acquire @b_l1_0(Consume, 1) : !aie.objectfifosubview<memref<1200xbf16>>
        %o_6 = aie.objectfifo.subview.access %s_5[0] : !aie.objectfifosubview<memref<1200xbf16>> -> memref<1200xbf16>
        func.call @take(%o_6, %parameters_0_0) : (memref<1200xbf16>, memref<16xi32>) -> ()
        %c_7 = arith.constant 0 : index
        %n_8 = memref.load %parameters_0_0[%c_7] : memref<16xi32>
        %n_9 = arith.index_cast %n_8 : i32 to index
        %c_10 = arith.constant 1 : index
        %n_11 = memref.load %parameters_0_0[%c_10] : memref<16xi32>
        %n_12 = arith.index_cast %n_11 : i32 to index
        %c_13 = arith.constant 3 : index
        scf.for %t_14 = %c_1 to %n_12 step %c_2 {
          %s_15 = aie.objectfifo.acquire @a_l1_0(Consume, 1) : !aie.objectfifosubview<memref<1536xbf16>>
          %o_16 = aie.objectfifo.subview.access %s_15[0] : !aie.objectfifosubview<memref<1536xbf16>> -> memref<1536xbf16>
          func.call @start(%o_16, %o_6, %acc_0_0, %c_1) : (memref<1536xbf16>, memref<1200xbf16>, memref<256xf32>, index) -> ()
          aie.objectfifo.release @a_l1_0(Consume, 1)
          scf.for %q_17 = %c_2 to %c_13 step %c_2 {
            %s_18 = aie.objectfifo.acquire @a_l1_0(Consume, 1) : !aie.objectfifosubview<memref<1536xbf16>>
            %o_19 = aie.objectfifo.subview.access %s_18[0] : !aie.objectfifosubview<memref<1536xbf16>> -> memref<1536xbf16>
            func.call @multiply(%o_19, %o_6, %acc_0_0, %q_17) : (memref<1536xbf16>, memref<1200xbf16>, memref<256xf32>, index) -> ()
            aie.objectfifo.release @a_l1_0(Consume, 1)
          }
          %s_20 = aie.objectfifo.acquire @c_l1_0_0(Produce, 1) : !aie.objectfifosubview<memref<256xbf16>>
          %o_21 = aie.objectfifo.subview.access %s_20[0] : !aie.objectfifosubview<memref<256xbf16>> -> memref<256xbf16>
          func.call @finish(%acc_0_0, %o_6, %o_21) : (memref<256xf32>, memref<1200xbf16>, memref<256xbf16>) -> ()
          aie.objectfifo.release @c_l1_0_0(Produce, 1)
        }
        aie.objectfifo.release @b_l1_0(Consume, 1)
        scf.for %p_22 = %c_2 to %n_9 step %c_2 {
          %s_23 = aie.objectfifo.acquire @b_l1_0(Consume, 1) : !aie.objectfifosubview<memref<1200xbf16>>
          %o_24 = aie.objectfifo.subview.access %s_23[0] : !aie.objectfifosubview<memref<1200xbf16>> -> memref<1200xbf16>
          scf.for %t_25 = %c_1 to %n_12 step %c_2 {
            %s_26 = aie.objectfifo.acquire @a_l1_0(Consume, 1) : !aie.objectfifosubview<memref<1536xbf16>>
            %o_27 = aie.objectfifo.subview.access %s_26[0] : !aie.objectfifosubview<memref<1536xbf16>> -> memref<1536xbf16>
            func.call @start(%o_27, %o_24, %acc_0_0, %c_1) : (memref<1536xbf16>, memref<1200xbf16>, memref<256xf32>, index) -> ()
            aie.objectfifo.release @a_l1_0(Consume, 1)
            scf.for %q_28 = %c_2 to %c_13 step %c_2 {
              %s_29 = aie.objectfifo.acquire @a_l1_0(Consume, 1) : !aie.objectfifosubview<memref<1536xbf16>>
              %o_30 = aie.objectfifo.subview.access %s_29[0] : !aie.objectfifosubview<memref<1536xbf16>> -> memref<1536xbf16>
              func.call @multiply(%o_30, %o_24, %acc_0_0, %q_28) : (memref<1536xbf16>, memref<1200xbf16>, memref<256xf32>, index) -> ()
              aie.objectfifo.release @a_l1_0(Consume, 1)
            }
            %s_31 = aie.objectfifo.acquire @c_l1_0_0(Produce, 1) : !aie.objectfifosubview<memref<256xbf16>>
            %o_32 = aie.objectfifo.subview.access %s_31[0] : !aie.objectfifosubview<memref<256xbf16>> -> memref<256xbf16>
            func.call @finish(%acc_0_0, %o_24, %o_32) : (memref<256xf32>, memref<1200xbf16>, memref<256xbf16>) -> ()
            aie.objectfifo.release @c_l1_0_0(Produce, 1)
          }
          aie.objectfifo.release @b_l1_0(Consume, 1)
        }
      }
      aie.end
    } {dynamic_objfifo_lowering = true, stack_size = 2048 : i32}
    %program_0_1 = aie.core(%core_0_1) {
      %c_33 = arith.constant 0 : index
      %c_34 = arith.constant 1 : index
      %c_35 = arith.constant 9223372036854775807 : index
      scf.for %call_36 = %c_33 to %c_35 step %c_34 {
        %s_37 = aie.objectfifo.acquire @b_l1_1(Consume, 1) : !aie.objectfifosubview<memref<1200xbf16>>
        %o_38 = aie.objectfifo.subview.access %s_37[0] : !aie.objectfifosubview<memref<1200xbf16>> -> memref<1200xbf16>
        func.call @take(%o_38, %parameters_0_1) : (memref<1200xbf16>, memref<16xi32>) -> ()
        %c_39 = arith.constant 0 : index
        %n_40 = memref.load %parameters_0_1[%c_39] : memref<16xi32>
        %n_41 = arith.index_cast %n_40 : i32 to index
        %c_42 = arith.constant 1 : index
        %n_43 = memref.load %parameters_0_1[%c_42] : memref<16xi32>
        %n_44 = arith.index_cast %n_43 : i32 to index
        %c_45 = arith.constant 3 : index
        scf.for %t_46 = %c_33 to %n_44 step %c_34 {
          %s_47 = aie.objectfifo.acquire @a_l1_0(Consume, 1) : !aie.objectfifosubview<memref<1536xbf16>>
          %o_48 = aie.objectfifo.subview.access %s_47[0] : !aie.objectfifosubview<memref<1536xbf16>> -> memref<1536xbf16>
          func.call @start(%o_48, %o_38, %acc_0_1, %c_33) : (memref<1536xbf16>, memref<1200xbf16>, memref<256xf32>, index) -> ()
          aie.objectfifo.release @a_l1_0(Consume, 1)
          scf.for %q_49 = %c_34 to %c_45 step %c_34 {
            %s_50 = aie.objectfifo.acquire @a_l1_0(Consume, 1) : !aie.objectfifosubview<memref<1536xbf16>>
            %o_51 = aie.objectfifo.subview.access %s_50[0] : !aie.objectfifosubview<memref<1536xbf16>> -> memref<1536xbf16>
            func.call @multiply(%o_51, %o_38, %acc_0_1, %q_49) : (memref<1536xbf16>, memref<1200xbf16>, memref<256xf32>, index) -> ()
            aie.objectfifo.release @a_l1_0(Consume, 1)
          }
          %s_52 = aie.objectfifo.acquire @c_l1_0_1(Produce, 1) : !aie.objectfifosubview<memref<256xbf16>>
          %o_53 = aie.objectfifo.subview.access %s_52[0] : !aie.objectfifosubview<memref<256xbf16>> -> memref<256xbf16>
          func.call @finish(%acc_0_1, %o_38, %o_53) : (memref<256xf32>, memref<1200xbf16>, memref<256xbf16>) -> ()
          aie.objectfifo.release @c_l1_0_1(Produce, 1)
        }
        aie.objectfifo.release @b_l1_1(Consume, 1)
        scf.for %p_54 = %c_34 to %n_41 step %c_34 {
          %s_55 = aie.objectfifo.acquire @b_l1_1(Consume, 1) : !aie.objectfifosubview<memref<1200xbf16>>
          %o_56 = aie.objectfifo.subview.access %s_55[0] : !aie.objectfifosubview<memref<1200xbf16>> -> memref<1200xbf16>
          scf.for %t_57 = %c_33 to %n_44 step %c_34 {
            %s_58 = aie.objectfifo.acquire @a_l1_0(Consume, 1) : !aie.objectfifosubview<memref<1536xbf16>>
            %o_59 = aie.objectfifo.subview.access %s_58[0] : !aie.objectfifosubview<memref<1536xbf16>> -> memref<1536xbf16>
            func.call @start(%o_59, %o_56, %acc_0_1, %c_33) : (memref<1536xbf16>, memref<1200xbf16>, memref<256xf32>, index) -> ()
            aie.objectfifo.release @a_l1_0(Consume, 1)
            scf.for %q_60 = %c_34 to %c_45 step %c_34 {
              %s_61 = aie.objectfifo.acquire @a_l1_0(Consume, 1) : !aie.objectfifosubview<memref<1536xbf16>>
              %o_62 = aie.objectfifo.subview.access %s_61[0] : !aie.objectfifosubview<memref<1536xbf16>> -> memref<1536xbf16>
              func.call @multiply(%o_62, %o_56, %acc_0_1, %q_60) : (memref<1536xbf16>, memref<1200xbf16>, memref<256xf32>, index) -> ()
              aie.objectfifo.release @a_l1_0(Consume, 1)
            }
            %s_63 = aie.objectfifo.acquire @c_l1_0_1(Produce, 1) : !aie.objectfifosubview<memref<256xbf16>>
            %o_64 = aie.objectfifo.subview.access %s_63[0] : !aie.objectfifosubview<memref<256xbf16>> -> memref<256xbf16>
            func.call @finish(%acc_0_1, %o_56, %o_64) : (memref<256xf32>, memref<1200xbf16>, memref<256xbf16>) -> ()
            aie.objectfifo.release @c_l1_0_1(Produce, 1)
          }
          aie.objectfifo.release @b_l1_1(Consume, 1)
        }
      }
      aie.end
    } {dynamic_objfifo_lowering = true, stack_size = 2048 : i32}
    aie.runtime_sequence @sequence(%lhs: memref<1600xbf16>, %weights: memref<2400xbf16>, %result: memref<1024xbf16>) {
      aiex.npu.dma_memcpy_nd(%lhs[0, 0, 0, 0][3, 4, 8, 48][160, 160, 16, 1]) {id = 0 : i64, issue_token = true, metadata = @a_l3_0} : memref<1600xbf16>
      aiex.npu.dma_memcpy_nd(%weights[0, 0, 0, 0][1, 1, 1, 2400][0, 0, 0, 1]) {id = 4 : i64, issue_token = true, metadata = @b_l3_0} : memref<2400xbf16>
      aiex.npu.dma_memcpy_nd(%result[0, 0, 0, 0][2, 2, 32, 8][512, 8, 16, 1]) {id = 8 : i64, issue_token = true, metadata = @c_l3_0} : memref<1024xbf16>
      aiex.npu.dma_memcpy_nd(%lhs[0, 0, 0, 640][3, 4, 8, 48][160, 160, 16, 1]) {id = 1 : i64, issue_token = true, metadata = @a_l3_0} : memref<1600xbf16>
      aiex.npu.dma_wait {symbol = @a_l3_0}
      aiex.npu.dma_wait {symbol = @a_l3_0}
      aiex.npu.dma_wait {symbol = @b_l3_0}
      aiex.npu.dma_wait {symbol = @c_l3_0}
    }
  }
}
