module {
  aie.device(npu1_1col) {
    %shim_0 = aie.tile(0, 0)
    %mem_0 = aie.tile(0, 1)
    %core_0_0 = aie.tile(0, 2)
    aie.objectfifo @a_l3_0(%shim_0, {%mem_0}, 2 : i32) : !aie.objectfifo<memref<960xi8>>
    aie.objectfifo @a_l1_0(%mem_0 dimensionsToStream [<size = 48, stride = 8>, <size = 4, stride = 192>, <size = 8, stride = 1>], {%core_0_0}, 2 : i32) {padDimensions = #aie<bd_pad_layout_array[<const_pad_before = 0, const_pad_after = 0>, <const_pad_before = 0, const_pad_after = 0>, <const_pad_before = 0, const_pad_after = 0>]>} : !aie.objectfifo<memref<1536xi8>>
    aie.objectfifo.link [@a_l3_0] -> [@a_l1_0] ([] [])
    aie.objectfifo @b_l3_0(%shim_0, {%mem_0}, 2 : i32) : !aie.objectfifo<memref<1152xi8>>
    aie.objectfifo @b_l1_0(%mem_0, {%core_0_0}, [2, 2]) : !aie.objectfifo<memref<1152xi8>>
    aie.objectfifo.link [@b_l3_0] -> [@b_l1_0] ([] [])
    aie.objectfifo @c_l1_0_0(%core_0_0, {%mem_0}, 2 : i32) : !aie.objectfifo<memref<256xi32>>
    aie.objectfifo @c_l3_0(%mem_0 dimensionsToStream [<size = 4, stride = 8>, <size = 8, stride = 32>, <size = 1, stride = 32>, <size = 8, stride = 1>], {%shim_0}, 2 : i32) : !aie.objectfifo<memref<256xi32>>
    aie.objectfifo.link [@c_l1_0_0] -> [@c_l3_0] ([] [])
    %acc_0_0 = aie.buffer(%core_0_0) {sym_name = "acc_0_0"} : memref<256xi32>
    func.func private @llvm.aie2.I512.I512.ACC1024.acc32.mac.conf(vector<64xi8>, vector<16xi32>, vector<16xi64>, i32) -> vector<16xi64>
    func.func private @clear(%c: memref<256xi32>) {
      %c_1 = arith.constant 0 : index
      %c_2 = arith.constant 256 : index
      %c_3 = arith.constant 16 : index
      %v_4 = arith.constant dense<0> : vector<16xi32>
      scf.for %i_5 = %c_1 to %c_2 step %c_3 {
        vector.store %v_4, %c[%i_5] {alignment = 32 : i64} : memref<256xi32>, vector<16xi32>
      }
      return
    }
    func.func private @multiply(%a: memref<1536xi8>, %b: memref<1152xi8>, %c: memref<256xi32>, %q: index) {
      %c_1 = arith.constant 0 : index
      %c_2 = arith.constant 776 : i32
      %c_3 = arith.constant 1152 : index
      %i_4 = arith.muli %q, %c_3 : index
      %c_5 = arith.constant 2 : index
      %c_6 = arith.constant 1 : index
      scf.for %y_7 = %c_1 to %c_5 step %c_6 {
        %c_8 = arith.constant 4 : index
        %c_9 = arith.constant 4 : index
        scf.for %x_10 = %c_1 to %c_8 step %c_9 {
          %c_11 = arith.constant 1 : index
          %c_12 = arith.constant 1 : index
          scf.for %nb_13 = %c_1 to %c_11 step %c_12 {
            %c_14 = arith.constant 6 : index
            %i_15 = arith.muli %y_7, %c_14 : index
            %c_16 = arith.constant 1 : index
            %i_17 = arith.muli %x_10, %c_16 : index
            %i_18 = arith.addi %i_15, %i_17 : index
            %c_19 = arith.constant 64 : index
            %i_20 = arith.muli %i_18, %c_19 : index
            %c_21 = arith.constant 1152 : index
            %i_22 = arith.muli %nb_13, %c_21 : index
            %i_23 = arith.addi %i_22, %i_4 : index
            %c_24 = arith.constant 4 : index
            %i_25 = arith.muli %y_7, %c_24 : index
            %i_26 = arith.addi %i_25, %x_10 : index
            %c_27 = arith.constant 1 : index
            %i_28 = arith.muli %i_26, %c_27 : index
            %i_29 = arith.addi %i_28, %nb_13 : index
            %c_30 = arith.constant 32 : index
            %i_31 = arith.muli %i_29, %c_30 : index
            %c_32 = arith.constant 32 : index
            %i_33 = arith.addi %i_31, %c_32 : index
            %c_34 = arith.constant 64 : index
            %i_35 = arith.addi %i_31, %c_34 : index
            %c_36 = arith.constant 96 : index
            %i_37 = arith.addi %i_31, %c_36 : index
            %acc_38 = vector.load %c[%i_31] {alignment = 32 : i64} : memref<256xi32>, vector<32xi32>
            %v_39 = vector.bitcast %acc_38 : vector<32xi32> to vector<16xi64>
            %acc_40 = vector.load %c[%i_33] {alignment = 32 : i64} : memref<256xi32>, vector<32xi32>
            %v_41 = vector.bitcast %acc_40 : vector<32xi32> to vector<16xi64>
            %acc_42 = vector.load %c[%i_35] {alignment = 32 : i64} : memref<256xi32>, vector<32xi32>
            %v_43 = vector.bitcast %acc_42 : vector<32xi32> to vector<16xi64>
            %acc_44 = vector.load %c[%i_37] {alignment = 32 : i64} : memref<256xi32>, vector<32xi32>
            %v_45 = vector.bitcast %acc_44 : vector<32xi32> to vector<16xi64>
            %c_46 = arith.constant 0 : index
            %c_47 = arith.constant 1 : index
            %c_48 = arith.constant 2 : index
            %sum_54:4 = scf.for %k_49 = %c_46 to %c_48 step %c_47 iter_args(%x_50 = %v_39, %x_51 = %v_41, %x_52 = %v_43, %x_53 = %v_45) -> (vector<16xi64>, vector<16xi64>, vector<16xi64>, vector<16xi64>) {
              %c_55 = arith.constant 32 : index
              %i_56 = arith.muli %k_49, %c_55 : index
              %i_57 = arith.addi %i_20, %i_56 : index
              %c_58 = arith.constant 576 : index
              %i_59 = arith.muli %k_49, %c_58 : index
              %i_60 = arith.addi %i_23, %i_59 : index
              %b_61 = vector.load %b[%i_60] {alignment = 32 : i64} : memref<1152xi8>, vector<64xi8>
              %v_62 = vector.bitcast %b_61 : vector<64xi8> to vector<16xi32>
              %a_63 = vector.load %a[%i_57] {alignment = 32 : i64} : memref<1536xi8>, vector<32xi8>
              %v_64 = vector.shuffle %a_63, %a_63 [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1] : vector<32xi8>, vector<32xi8>
              %c_65 = arith.constant 64 : index
              %i_66 = arith.addi %i_57, %c_65 : index
              %a_67 = vector.load %a[%i_66] {alignment = 32 : i64} : memref<1536xi8>, vector<32xi8>
              %v_68 = vector.shuffle %a_67, %a_67 [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1] : vector<32xi8>, vector<32xi8>
              %c_69 = arith.constant 128 : index
              %i_70 = arith.addi %i_57, %c_69 : index
              %a_71 = vector.load %a[%i_70] {alignment = 32 : i64} : memref<1536xi8>, vector<32xi8>
              %v_72 = vector.shuffle %a_71, %a_71 [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1] : vector<32xi8>, vector<32xi8>
              %c_73 = arith.constant 192 : index
              %i_74 = arith.addi %i_57, %c_73 : index
              %a_75 = vector.load %a[%i_74] {alignment = 32 : i64} : memref<1536xi8>, vector<32xi8>
              %v_76 = vector.shuffle %a_75, %a_75 [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1] : vector<32xi8>, vector<32xi8>
              %y_77 = func.call @llvm.aie2.I512.I512.ACC1024.acc32.mac.conf(%v_64, %v_62, %x_50, %c_2) : (vector<64xi8>, vector<16xi32>, vector<16xi64>, i32) -> vector<16xi64>
              %y_78 = func.call @llvm.aie2.I512.I512.ACC1024.acc32.mac.conf(%v_68, %v_62, %x_51, %c_2) : (vector<64xi8>, vector<16xi32>, vector<16xi64>, i32) -> vector<16xi64>
              %y_79 = func.call @llvm.aie2.I512.I512.ACC1024.acc32.mac.conf(%v_72, %v_62, %x_52, %c_2) : (vector<64xi8>, vector<16xi32>, vector<16xi64>, i32) -> vector<16xi64>
              %y_80 = func.call @llvm.aie2.I512.I512.ACC1024.acc32.mac.conf(%v_76, %v_62, %x_53, %c_2) : (vector<64xi8>, vector<16xi32>, vector<16xi64>, i32) -> vector<16xi64>
              %c_81 = arith.constant 64 : index
              %i_82 = arith.addi %i_60, %c_81 : index
              %b_83 = vector.load %b[%i_82] {alignment = 32 : i64} : memref<1152xi8>, vector<64xi8>
              %v_84 = vector.bitcast %b_83 : vector<64xi8> to vector<16xi32>
              %c_85 = arith.constant 256 : index
              %i_86 = arith.addi %i_57, %c_85 : index
              %a_87 = vector.load %a[%i_86] {alignment = 32 : i64} : memref<1536xi8>, vector<32xi8>
              %v_88 = vector.shuffle %a_87, %a_87 [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1] : vector<32xi8>, vector<32xi8>
              %y_89 = func.call @llvm.aie2.I512.I512.ACC1024.acc32.mac.conf(%v_68, %v_84, %y_77, %c_2) : (vector<64xi8>, vector<16xi32>, vector<16xi64>, i32) -> vector<16xi64>
              %y_90 = func.call @llvm.aie2.I512.I512.ACC1024.acc32.mac.conf(%v_72, %v_84, %y_78, %c_2) : (vector<64xi8>, vector<16xi32>, vector<16xi64>, i32) -> vector<16xi64>
              %y_91 = func.call @llvm.aie2.I512.I512.ACC1024.acc32.mac.conf(%v_76, %v_84, %y_79, %c_2) : (vector<64xi8>, vector<16xi32>, vector<16xi64>, i32) -> vector<16xi64>
              %y_92 = func.call @llvm.aie2.I512.I512.ACC1024.acc32.mac.conf(%v_88, %v_84, %y_80, %c_2) : (vector<64xi8>, vector<16xi32>, vector<16xi64>, i32) -> vector<16xi64>
              %c_93 = arith.constant 128 : index
              %i_94 = arith.addi %i_60, %c_93 : index
              %b_95 = vector.load %b[%i_94] {alignment = 32 : i64} : memref<1152xi8>, vector<64xi8>
              %v_96 = vector.bitcast %b_95 : vector<64xi8> to vector<16xi32>
              %c_97 = arith.constant 320 : index
              %i_98 = arith.addi %i_57, %c_97 : index
              %a_99 = vector.load %a[%i_98] {alignment = 32 : i64} : memref<1536xi8>, vector<32xi8>
              %v_100 = vector.shuffle %a_99, %a_99 [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1] : vector<32xi8>, vector<32xi8>
              %y_101 = func.call @llvm.aie2.I512.I512.ACC1024.acc32.mac.conf(%v_72, %v_96, %y_89, %c_2) : (vector<64xi8>, vector<16xi32>, vector<16xi64>, i32) -> vector<16xi64>
              %y_102 = func.call @llvm.aie2.I512.I512.ACC1024.acc32.mac.conf(%v_76, %v_96, %y_90, %c_2) : (vector<64xi8>, vector<16xi32>, vector<16xi64>, i32) -> vector<16xi64>
              %y_103 = func.call @llvm.aie2.I512.I512.ACC1024.acc32.mac.conf(%v_88, %v_96, %y_91, %c_2) : (vector<64xi8>, vector<16xi32>, vector<16xi64>, i32) -> vector<16xi64>
              %y_104 = func.call @llvm.aie2.I512.I512.ACC1024.acc32.mac.conf(%v_100, %v_96, %y_92, %c_2) : (vector<64xi8>, vector<16xi32>, vector<16xi64>, i32) -> vector<16xi64>
              %c_105 = arith.constant 192 : index
              %i_106 = arith.addi %i_60, %c_105 : index
              %b_107 = vector.load %b[%i_106] {alignment = 32 : i64} : memref<1152xi8>, vector<64xi8>
              %v_108 = vector.bitcast %b_107 : vector<64xi8> to vector<16xi32>
              %c_109 = arith.constant 384 : index
              %i_110 = arith.addi %i_57, %c_109 : index
              %a_111 = vector.load %a[%i_110] {alignment = 32 : i64} : memref<1536xi8>, vector<32xi8>
              %v_112 = vector.shuffle %a_111, %a_111 [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1] : vector<32xi8>, vector<32xi8>
              %c_113 = arith.constant 448 : index
              %i_114 = arith.addi %i_57, %c_113 : index
              %a_115 = vector.load %a[%i_114] {alignment = 32 : i64} : memref<1536xi8>, vector<32xi8>
              %v_116 = vector.shuffle %a_115, %a_115 [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1] : vector<32xi8>, vector<32xi8>
              %c_117 = arith.constant 512 : index
              %i_118 = arith.addi %i_57, %c_117 : index
              %a_119 = vector.load %a[%i_118] {alignment = 32 : i64} : memref<1536xi8>, vector<32xi8>
              %v_120 = vector.shuffle %a_119, %a_119 [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1] : vector<32xi8>, vector<32xi8>
              %c_121 = arith.constant 576 : index
              %i_122 = arith.addi %i_57, %c_121 : index
              %a_123 = vector.load %a[%i_122] {alignment = 32 : i64} : memref<1536xi8>, vector<32xi8>
              %v_124 = vector.shuffle %a_123, %a_123 [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1] : vector<32xi8>, vector<32xi8>
              %y_125 = func.call @llvm.aie2.I512.I512.ACC1024.acc32.mac.conf(%v_112, %v_108, %y_101, %c_2) : (vector<64xi8>, vector<16xi32>, vector<16xi64>, i32) -> vector<16xi64>
              %y_126 = func.call @llvm.aie2.I512.I512.ACC1024.acc32.mac.conf(%v_116, %v_108, %y_102, %c_2) : (vector<64xi8>, vector<16xi32>, vector<16xi64>, i32) -> vector<16xi64>
              %y_127 = func.call @llvm.aie2.I512.I512.ACC1024.acc32.mac.conf(%v_120, %v_108, %y_103, %c_2) : (vector<64xi8>, vector<16xi32>, vector<16xi64>, i32) -> vector<16xi64>
              %y_128 = func.call @llvm.aie2.I512.I512.ACC1024.acc32.mac.conf(%v_124, %v_108, %y_104, %c_2) : (vector<64xi8>, vector<16xi32>, vector<16xi64>, i32) -> vector<16xi64>
              %c_129 = arith.constant 256 : index
              %i_130 = arith.addi %i_60, %c_129 : index
              %b_131 = vector.load %b[%i_130] {alignment = 32 : i64} : memref<1152xi8>, vector<64xi8>
              %v_132 = vector.bitcast %b_131 : vector<64xi8> to vector<16xi32>
              %c_133 = arith.constant 640 : index
              %i_134 = arith.addi %i_57, %c_133 : index
              %a_135 = vector.load %a[%i_134] {alignment = 32 : i64} : memref<1536xi8>, vector<32xi8>
              %v_136 = vector.shuffle %a_135, %a_135 [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1] : vector<32xi8>, vector<32xi8>
              %y_137 = func.call @llvm.aie2.I512.I512.ACC1024.acc32.mac.conf(%v_116, %v_132, %y_125, %c_2) : (vector<64xi8>, vector<16xi32>, vector<16xi64>, i32) -> vector<16xi64>
              %y_138 = func.call @llvm.aie2.I512.I512.ACC1024.acc32.mac.conf(%v_120, %v_132, %y_126, %c_2) : (vector<64xi8>, vector<16xi32>, vector<16xi64>, i32) -> vector<16xi64>
              %y_139 = func.call @llvm.aie2.I512.I512.ACC1024.acc32.mac.conf(%v_124, %v_132, %y_127, %c_2) : (vector<64xi8>, vector<16xi32>, vector<16xi64>, i32) -> vector<16xi64>
              %y_140 = func.call @llvm.aie2.I512.I512.ACC1024.acc32.mac.conf(%v_136, %v_132, %y_128, %c_2) : (vector<64xi8>, vector<16xi32>, vector<16xi64>, i32) -> vector<16xi64>
              %c_141 = arith.constant 320 : index
              %i_142 = arith.addi %i_60, %c_141 : index
              %b_143 = vector.load %b[%i_142] {alignment = 32 : i64} : memref<1152xi8>, vector<64xi8>
              %v_144 = vector.bitcast %b_143 : vector<64xi8> to vector<16xi32>
              %c_145 = arith.constant 704 : index
              %i_146 = arith.addi %i_57, %c_145 : index
              %a_147 = vector.load %a[%i_146] {alignment = 32 : i64} : memref<1536xi8>, vector<32xi8>
              %v_148 = vector.shuffle %a_147, %a_147 [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1] : vector<32xi8>, vector<32xi8>
              %y_149 = func.call @llvm.aie2.I512.I512.ACC1024.acc32.mac.conf(%v_120, %v_144, %y_137, %c_2) : (vector<64xi8>, vector<16xi32>, vector<16xi64>, i32) -> vector<16xi64>
              %y_150 = func.call @llvm.aie2.I512.I512.ACC1024.acc32.mac.conf(%v_124, %v_144, %y_138, %c_2) : (vector<64xi8>, vector<16xi32>, vector<16xi64>, i32) -> vector<16xi64>
              %y_151 = func.call @llvm.aie2.I512.I512.ACC1024.acc32.mac.conf(%v_136, %v_144, %y_139, %c_2) : (vector<64xi8>, vector<16xi32>, vector<16xi64>, i32) -> vector<16xi64>
              %y_152 = func.call @llvm.aie2.I512.I512.ACC1024.acc32.mac.conf(%v_148, %v_144, %y_140, %c_2) : (vector<64xi8>, vector<16xi32>, vector<16xi64>, i32) -> vector<16xi64>
              %c_153 = arith.constant 384 : index
              %i_154 = arith.addi %i_60, %c_153 : index
              %b_155 = vector.load %b[%i_154] {alignment = 32 : i64} : memref<1152xi8>, vector<64xi8>
              %v_156 = vector.bitcast %b_155 : vector<64xi8> to vector<16xi32>
              %c_157 = arith.constant 768 : index
              %i_158 = arith.addi %i_57, %c_157 : index
              %a_159 = vector.load %a[%i_158] {alignment = 32 : i64} : memref<1536xi8>, vector<32xi8>
              %v_160 = vector.shuffle %a_159, %a_159 [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1] : vector<32xi8>, vector<32xi8>
              %c_161 = arith.constant 832 : index
              %i_162 = arith.addi %i_57, %c_161 : index
              %a_163 = vector.load %a[%i_162] {alignment = 32 : i64} : memref<1536xi8>, vector<32xi8>
              %v_164 = vector.shuffle %a_163, %a_163 [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1] : vector<32xi8>, vector<32xi8>
              %c_165 = arith.constant 896 : index
              %i_166 = arith.addi %i_57, %c_165 : index
              %a_167 = vector.load %a[%i_166] {alignment = 32 : i64} : memref<1536xi8>, vector<32xi8>
              %v_168 = vector.shuffle %a_167, %a_167 [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1] : vector<32xi8>, vector<32xi8>
              %c_169 = arith.constant 960 : index
              %i_170 = arith.addi %i_57, %c_169 : index
              %a_171 = vector.load %a[%i_170] {alignment = 32 : i64} : memref<1536xi8>, vector<32xi8>
              %v_172 = vector.shuffle %a_171, %a_171 [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1] : vector<32xi8>, vector<32xi8>
              %y_173 = func.call @llvm.aie2.I512.I512.ACC1024.acc32.mac.conf(%v_160, %v_156, %y_149, %c_2) : (vector<64xi8>, vector<16xi32>, vector<16xi64>, i32) -> vector<16xi64>
              %y_174 = func.call @llvm.aie2.I512.I512.ACC1024.acc32.mac.conf(%v_164, %v_156, %y_150, %c_2) : (vector<64xi8>, vector<16xi32>, vector<16xi64>, i32) -> vector<16xi64>
              %y_175 = func.call @llvm.aie2.I512.I512.ACC1024.acc32.mac.conf(%v_168, %v_156, %y_151, %c_2) : (vector<64xi8>, vector<16xi32>, vector<16xi64>, i32) -> vector<16xi64>
              %y_176 = func.call @llvm.aie2.I512.I512.ACC1024.acc32.mac.conf(%v_172, %v_156, %y_152, %c_2) : (vector<64xi8>, vector<16xi32>, vector<16xi64>, i32) -> vector<16xi64>
              %c_177 = arith.constant 448 : index
              %i_178 = arith.addi %i_60, %c_177 : index
              %b_179 = vector.load %b[%i_178] {alignment = 32 : i64} : memref<1152xi8>, vector<64xi8>
              %v_180 = vector.bitcast %b_179 : vector<64xi8> to vector<16xi32>
              %c_181 = arith.constant 1024 : index
              %i_182 = arith.addi %i_57, %c_181 : index
              %a_183 = vector.load %a[%i_182] {alignment = 32 : i64} : memref<1536xi8>, vector<32xi8>
              %v_184 = vector.shuffle %a_183, %a_183 [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1] : vector<32xi8>, vector<32xi8>
              %y_185 = func.call @llvm.aie2.I512.I512.ACC1024.acc32.mac.conf(%v_164, %v_180, %y_173, %c_2) : (vector<64xi8>, vector<16xi32>, vector<16xi64>, i32) -> vector<16xi64>
              %y_186 = func.call @llvm.aie2.I512.I512.ACC1024.acc32.mac.conf(%v_168, %v_180, %y_174, %c_2) : (vector<64xi8>, vector<16xi32>, vector<16xi64>, i32) -> vector<16xi64>
              %y_187 = func.call @llvm.aie2.I512.I512.ACC1024.acc32.mac.conf(%v_172, %v_180, %y_175, %c_2) : (vector<64xi8>, vector<16xi32>, vector<16xi64>, i32) -> vector<16xi64>
              %y_188 = func.call @llvm.aie2.I512.I512.ACC1024.acc32.mac.conf(%v_184, %v_180, %y_176, %c_2) : (vector<64xi8>, vector<16xi32>, vector<16xi64>, i32) -> vector<16xi64>
              %c_189 = arith.constant 512 : index
              %i_190 = arith.addi %i_60, %c_189 : index
              %b_191 = vector.load %b[%i_190] {alignment = 32 : i64} : memref<1152xi8>, vector<64xi8>
              %v_192 = vector.bitcast %b_191 : vector<64xi8> to vector<16xi32>
              %c_193 = arith.constant 1088 : index
              %i_194 = arith.addi %i_57, %c_193 : index
              %a_195 = vector.load %a[%i_194] {alignment = 32 : i64} : memref<1536xi8>, vector<32xi8>
              %v_196 = vector.shuffle %a_195, %a_195 [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1] : vector<32xi8>, vector<32xi8>
              %y_197 = func.call @llvm.aie2.I512.I512.ACC1024.acc32.mac.conf(%v_168, %v_192, %y_185, %c_2) : (vector<64xi8>, vector<16xi32>, vector<16xi64>, i32) -> vector<16xi64>
              %y_198 = func.call @llvm.aie2.I512.I512.ACC1024.acc32.mac.conf(%v_172, %v_192, %y_186, %c_2) : (vector<64xi8>, vector<16xi32>, vector<16xi64>, i32) -> vector<16xi64>
              %y_199 = func.call @llvm.aie2.I512.I512.ACC1024.acc32.mac.conf(%v_184, %v_192, %y_187, %c_2) : (vector<64xi8>, vector<16xi32>, vector<16xi64>, i32) -> vector<16xi64>
              %y_200 = func.call @llvm.aie2.I512.I512.ACC1024.acc32.mac.conf(%v_196, %v_192, %y_188, %c_2) : (vector<64xi8>, vector<16xi32>, vector<16xi64>, i32) -> vector<16xi64>
              scf.yield %y_197, %y_198, %y_199, %y_200 : vector<16xi64>, vector<16xi64>, vector<16xi64>, vector<16xi64>
            }
            %v_201 = vector.bitcast %sum_54#0 : vector<16xi64> to vector<32xi32>
            vector.store %v_201, %c[%i_31] {alignment = 32 : i64} : memref<256xi32>, vector<32xi32>
            %v_202 = vector.bitcast %sum_54#1 : vector<16xi64> to vector<32xi32>
            vector.store %v_202, %c[%i_33] {alignment = 32 : i64} : memref<256xi32>, vector<32xi32>
            %v_203 = vector.bitcast %sum_54#2 : vector<16xi64> to vector<32xi32>
            vector.store %v_203, %c[%i_35] {alignment = 32 : i64} : memref<256xi32>, vector<32xi32>
            %v_204 = vector.bitcast %sum_54#3 : vector<16xi64> to vector<32xi32>
            vector.store %v_204, %c[%i_37] {alignment = 32 : i64} : memref<256xi32>, vector<32xi32>
          }
        }
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
      %c_3 = arith.constant 1 : index
      %c_4 = arith.constant 2 : index
      %c_5 = arith.constant 1 : index
      %c_6 = arith.constant 9223372036854775807 : index
      scf.for %call_7 = %c_1 to %c_6 step %c_2 {
        scf.for %p_8 = %c_1 to %c_3 step %c_2 {
          %s_9 = aie.objectfifo.acquire @b_l1_0(Consume, 1) : !aie.objectfifosubview<memref<1152xi8>>
          %o_10 = aie.objectfifo.subview.access %s_9[0] : !aie.objectfifosubview<memref<1152xi8>> -> memref<1152xi8>
          scf.for %t_11 = %c_1 to %c_4 step %c_2 {
            func.call @clear(%acc_0_0) : (memref<256xi32>) -> ()
            scf.for %q_12 = %c_1 to %c_5 step %c_2 {
              %s_13 = aie.objectfifo.acquire @a_l1_0(Consume, 1) : !aie.objectfifosubview<memref<1536xi8>>
              %o_14 = aie.objectfifo.subview.access %s_13[0] : !aie.objectfifosubview<memref<1536xi8>> -> memref<1536xi8>
              func.call @multiply(%o_14, %o_10, %acc_0_0, %q_12) : (memref<1536xi8>, memref<1152xi8>, memref<256xi32>, index) -> ()
              aie.objectfifo.release @a_l1_0(Consume, 1)
            }
            %s_15 = aie.objectfifo.acquire @c_l1_0_0(Produce, 1) : !aie.objectfifosubview<memref<256xi32>>
            %o_16 = aie.objectfifo.subview.access %s_15[0] : !aie.objectfifosubview<memref<256xi32>> -> memref<256xi32>
            func.call @finish(%acc_0_0, %o_16) : (memref<256xi32>, memref<256xi32>) -> ()
            aie.objectfifo.release @c_l1_0_0(Produce, 1)
          }
          aie.objectfifo.release @b_l1_0(Consume, 1)
        }
      }
      aie.end
    } {dynamic_objfifo_lowering = true, stack_size = 2048 : i32}
    aie.runtime_sequence @sequence(%lhs: memref<1600xi8>, %weights: memref<1152xi8>, %result: memref<512xi32>) {
      aiex.npu.dma_memcpy_nd(%lhs[0, 0, 0, 0][1, 2, 10, 96][0, 64, 160, 1]) {id = 0 : i64, issue_token = true, metadata = @a_l3_0} : memref<1600xi8>
      aiex.npu.dma_memcpy_nd(%weights[0, 0, 0, 0][1, 1, 1, 1152][0, 0, 0, 1]) {id = 4 : i64, issue_token = true, metadata = @b_l3_0} : memref<1152xi8>
      aiex.npu.dma_memcpy_nd(%result[0, 0, 0, 0][1, 2, 8, 32][0, 32, 64, 1]) {id = 8 : i64, issue_token = true, metadata = @c_l3_0} : memref<512xi32>
      aiex.npu.dma_wait {symbol = @a_l3_0}
      aiex.npu.dma_wait {symbol = @b_l3_0}
      aiex.npu.dma_wait {symbol = @c_l3_0}
    }
  }
}
