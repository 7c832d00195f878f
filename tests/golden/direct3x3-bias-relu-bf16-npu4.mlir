module {
  aie.device(npu2) {
    %shim_0 = aie.tile(0, 0)
    %mem_0 = aie.tile(0, 1)
    %core_0_0 = aie.tile(0, 2)
    aie.objectfifo @b_l3_0(%shim_0, {%mem_0}, 2 : i32) : !aie.objectfifo<memref<640xbf16>>
    aie.objectfifo @b_l1_0(%mem_0, {%core_0_0}, [2, 2]) : !aie.objectfifo<memref<640xbf16>>
    aie.objectfifo.link [@b_l3_0] -> [@b_l1_0] ([] [])
    aie.objectfifo @c_l1_0_0(%core_0_0, {%mem_0}, 2 : i32) : !aie.objectfifo<memref<512xbf16>>
    aie.objectfifo @c_l3_0(%mem_0 dimensionsToStream [<size = 8, stride = 4>, <size = 8, stride = 64>, <size = 2, stride = 32>, <size = 4, stride = 1>], {%shim_0}, 2 : i32) : !aie.objectfifo<memref<512xbf16>>
    aie.objectfifo.link [@c_l1_0_0] -> [@c_l3_0] ([] [])
    aie.objectfifo @a_l3_0(%shim_0, {%mem_0}, 2 : i32) : !aie.objectfifo<memref<1360xbf16>>
    aie.objectfifo @a_l1_0(%mem_0 dimensionsToStream [<size = 30, stride = 8>, <size = 8, stride = 160>, <size = 8, stride = 1>], {%core_0_0}, 2 : i32) {padDimensions = #aie<bd_pad_layout_array[<const_pad_before = 0, const_pad_after = 0>, <const_pad_before = 0, const_pad_after = 0>, <const_pad_before = 0, const_pad_after = 0>]>} : !aie.objectfifo<memref<1920xbf16>>
    aie.objectfifo.link [@a_l3_0] -> [@a_l1_0] ([] [])
    %acc_0_0 = aie.buffer(%core_0_0) {sym_name = "acc_0_0"} : memref<512xf32>
    %parameters_0_0 = aie.buffer(%core_0_0) {sym_name = "parameters_0_0"} : memref<16xi32>
    func.func private @take(%b: memref<640xbf16>, %parameters: memref<16xi32>) {
      %c_1 = arith.constant 608 : index
      %c_2 = arith.constant 0 : index
      %v_3 = vector.load %b[%c_1] {alignment = 32 : i64} : memref<640xbf16>, vector<32xbf16>
      %v_4 = vector.bitcast %v_3 : vector<32xbf16> to vector<16xi32>
      vector.store %v_4, %parameters[%c_2] {alignment = 32 : i64} : memref<16xi32>, vector<16xi32>
      return
    }
    func.func private @start(%a: memref<1920xbf16>, %b: memref<640xbf16>, %c: memref<512xf32>, %q: index) {
      %c_1 = arith.constant 576 : index
      %i_2 = arith.muli %q, %c_1 : index
      %c_3 = arith.constant 0 : index
      %c_4 = arith.constant 0 : index
      %c_5 = arith.constant 0 : index
      %i_6 = arith.addi %c_4, %i_2 : index
      %c_7 = arith.constant 0 : index
      %c_8 = arith.constant 0 : index
      %c_9 = arith.constant 0 : index
      %c_10 = arith.constant 1 : index
      %c_11 = arith.constant 0 : index
      %c_12 = arith.constant 8 : index
      %sum_16:2 = scf.for %g_13 = %c_11 to %c_12 step %c_10 iter_args(%x_14 = %c_7, %x_15 = %c_8) -> (index, index) {
        %c_17 = arith.constant 128 : index
        %i_18 = arith.muli %x_14, %c_17 : index
        %c_19 = arith.constant 288 : index
        %i_20 = arith.muli %x_15, %c_19 : index
        %c_21 = arith.constant 128 : index
        %i_22 = arith.muli %x_14, %c_21 : index
        %c_23 = arith.constant 32 : index
        %i_24 = arith.muli %x_15, %c_23 : index
        %i_25 = arith.addi %i_22, %i_24 : index
        %i_26 = arith.addi %i_18, %c_3 : index
        %i_27 = arith.addi %i_20, %i_6 : index
        %c_28 = arith.constant 64 : index
        %i_29 = arith.addi %i_25, %c_28 : index
        %acc_30 = arith.constant dense<0.000000e+00> : vector<8x4xf32>
        %b_31 = vector.load %b[%i_27] {alignment = 32 : i64} : memref<640xbf16>, vector<32xbf16>
        %v_32 = vector.shape_cast %b_31 : vector<32xbf16> to vector<8x4xbf16>
        %a_33 = vector.load %a[%i_26] {alignment = 32 : i64} : memref<1920xbf16>, vector<64xbf16>
        %v_34 = vector.shape_cast %a_33 : vector<64xbf16> to vector<8x8xbf16>
        %c_35 = arith.constant 64 : index
        %i_36 = arith.addi %i_26, %c_35 : index
        %a_37 = vector.load %a[%i_36] {alignment = 32 : i64} : memref<1920xbf16>, vector<64xbf16>
        %v_38 = vector.shape_cast %a_37 : vector<64xbf16> to vector<8x8xbf16>
        %y_39 = aievec.matmul_aie2p %v_34, %v_32, %acc_30 : vector<8x8xbf16>, vector<8x4xbf16> into vector<8x4xf32>
        %y_40 = aievec.matmul_aie2p %v_38, %v_32, %acc_30 : vector<8x8xbf16>, vector<8x4xbf16> into vector<8x4xf32>
        %c_41 = arith.constant 32 : index
        %i_42 = arith.addi %i_27, %c_41 : index
        %b_43 = vector.load %b[%i_42] {alignment = 32 : i64} : memref<640xbf16>, vector<32xbf16>
        %v_44 = vector.shape_cast %b_43 : vector<32xbf16> to vector<8x4xbf16>
        %c_45 = arith.constant 128 : index
        %i_46 = arith.addi %i_26, %c_45 : index
        %a_47 = vector.load %a[%i_46] {alignment = 32 : i64} : memref<1920xbf16>, vector<64xbf16>
        %v_48 = vector.shape_cast %a_47 : vector<64xbf16> to vector<8x8xbf16>
        %y_49 = aievec.matmul_aie2p %v_38, %v_44, %y_39 : vector<8x8xbf16>, vector<8x4xbf16> into vector<8x4xf32>
        %y_50 = aievec.matmul_aie2p %v_48, %v_44, %y_40 : vector<8x8xbf16>, vector<8x4xbf16> into vector<8x4xf32>
        %c_51 = arith.constant 64 : index
        %i_52 = arith.addi %i_27, %c_51 : index
        %b_53 = vector.load %b[%i_52] {alignment = 32 : i64} : memref<640xbf16>, vector<32xbf16>
        %v_54 = vector.shape_cast %b_53 : vector<32xbf16> to vector<8x4xbf16>
        %c_55 = arith.constant 192 : index
        %i_56 = arith.addi %i_26, %c_55 : index
        %a_57 = vector.load %a[%i_56] {alignment = 32 : i64} : memref<1920xbf16>, vector<64xbf16>
        %v_58 = vector.shape_cast %a_57 : vector<64xbf16> to vector<8x8xbf16>
        %y_59 = aievec.matmul_aie2p %v_48, %v_54, %y_49 : vector<8x8xbf16>, vector<8x4xbf16> into vector<8x4xf32>
        %y_60 = aievec.matmul_aie2p %v_58, %v_54, %y_50 : vector<8x8xbf16>, vector<8x4xbf16> into vector<8x4xf32>
        %c_61 = arith.constant 96 : index
        %i_62 = arith.addi %i_27, %c_61 : index
        %b_63 = vector.load %b[%i_62] {alignment = 32 : i64} : memref<640xbf16>, vector<32xbf16>
        %v_64 = vector.shape_cast %b_63 : vector<32xbf16> to vector<8x4xbf16>
        %c_65 = arith.constant 640 : index
        %i_66 = arith.addi %i_26, %c_65 : index
        %a_67 = vector.load %a[%i_66] {alignment = 32 : i64} : memref<1920xbf16>, vector<64xbf16>
        %v_68 = vector.shape_cast %a_67 : vector<64xbf16> to vector<8x8xbf16>
        %c_69 = arith.constant 704 : index
        %i_70 = arith.addi %i_26, %c_69 : index
        %a_71 = vector.load %a[%i_70] {alignment = 32 : i64} : memref<1920xbf16>, vector<64xbf16>
        %v_72 = vector.shape_cast %a_71 : vector<64xbf16> to vector<8x8xbf16>
        %y_73 = aievec.matmul_aie2p %v_68, %v_64, %y_59 : vector<8x8xbf16>, vector<8x4xbf16> into vector<8x4xf32>
        %y_74 = aievec.matmul_aie2p %v_72, %v_64, %y_60 : vector<8x8xbf16>, vector<8x4xbf16> into vector<8x4xf32>
        %c_75 = arith.constant 128 : index
        %i_76 = arith.addi %i_27, %c_75 : index
        %b_77 = vector.load %b[%i_76] {alignment = 32 : i64} : memref<640xbf16>, vector<32xbf16>
        %v_78 = vector.shape_cast %b_77 : vector<32xbf16> to vector<8x4xbf16>
        %c_79 = arith.constant 768 : index
        %i_80 = arith.addi %i_26, %c_79 : index
        %a_81 = vector.load %a[%i_80] {alignment = 32 : i64} : memref<1920xbf16>, vector<64xbf16>
        %v_82 = vector.shape_cast %a_81 : vector<64xbf16> to vector<8x8xbf16>
        %y_83 = aievec.matmul_aie2p %v_72, %v_78, %y_73 : vector<8x8xbf16>, vector<8x4xbf16> into vector<8x4xf32>
        %y_84 = aievec.matmul_aie2p %v_82, %v_78, %y_74 : vector<8x8xbf16>, vector<8x4xbf16> into vector<8x4xf32>
        %c_85 = arith.constant 160 : index
        %i_86 = arith.addi %i_27, %c_85 : index
        %b_87 = vector.load %b[%i_86] {alignment = 32 : i64} : memref<640xbf16>, vector<32xbf16>
        %v_88 = vector.shape_cast %b_87 : vector<32xbf16> to vector<8x4xbf16>
        %c_89 = arith.constant 832 : index
        %i_90 = arith.addi %i_26, %c_89 : index
        %a_91 = vector.load %a[%i_90] {alignment = 32 : i64} : memref<1920xbf16>, vector<64xbf16>
        %v_92 = vector.shape_cast %a_91 : vector<64xbf16> to vector<8x8xbf16>
        %y_93 = aievec.matmul_aie2p %v_82, %v_88, %y_83 : vector<8x8xbf16>, vector<8x4xbf16> into vector<8x4xf32>
        %y_94 = aievec.matmul_aie2p %v_92, %v_88, %y_84 : vector<8x8xbf16>, vector<8x4xbf16> into vector<8x4xf32>
        %c_95 = arith.constant 192 : index
        %i_96 = arith.addi %i_27, %c_95 : index
        %b_97 = vector.load %b[%i_96] {alignment = 32 : i64} : memref<640xbf16>, vector<32xbf16>
        %v_98 = vector.shape_cast %b_97 : vector<32xbf16> to vector<8x4xbf16>
        %c_99 = arith.constant 1280 : index
        %i_100 = arith.addi %i_26, %c_99 : index
        %a_101 = vector.load %a[%i_100] {alignment = 32 : i64} : memref<1920xbf16>, vector<64xbf16>
        %v_102 = vector.shape_cast %a_101 : vector<64xbf16> to vector<8x8xbf16>
        %c_103 = arith.constant 1344 : index
        %i_104 = arith.addi %i_26, %c_103 : index
        %a_105 = vector.load %a[%i_104] {alignment = 32 : i64} : memref<1920xbf16>, vector<64xbf16>
        %v_106 = vector.shape_cast %a_105 : vector<64xbf16> to vector<8x8xbf16>
        %y_107 = aievec.matmul_aie2p %v_102, %v_98, %y_93 : vector<8x8xbf16>, vector<8x4xbf16> into vector<8x4xf32>
        %y_108 = aievec.matmul_aie2p %v_106, %v_98, %y_94 : vector<8x8xbf16>, vector<8x4xbf16> into vector<8x4xf32>
        %c_109 = arith.constant 224 : index
        %i_110 = arith.addi %i_27, %c_109 : index
        %b_111 = vector.load %b[%i_110] {alignment = 32 : i64} : memref<640xbf16>, vector<32xbf16>
        %v_112 = vector.shape_cast %b_111 : vector<32xbf16> to vector<8x4xbf16>
        %c_113 = arith.constant 1408 : index
        %i_114 = arith.addi %i_26, %c_113 : index
        %a_115 = vector.load %a[%i_114] {alignment = 32 : i64} : memref<1920xbf16>, vector<64xbf16>
        %v_116 = vector.shape_cast %a_115 : vector<64xbf16> to vector<8x8xbf16>
        %y_117 = aievec.matmul_aie2p %v_106, %v_112, %y_107 : vector<8x8xbf16>, vector<8x4xbf16> into vector<8x4xf32>
        %y_118 = aievec.matmul_aie2p %v_116, %v_112, %y_108 : vector<8x8xbf16>, vector<8x4xbf16> into vector<8x4xf32>
        %c_119 = arith.constant 256 : index
        %i_120 = arith.addi %i_27, %c_119 : index
        %b_121 = vector.load %b[%i_120] {alignment = 32 : i64} : memref<640xbf16>, vector<32xbf16>
        %v_122 = vector.shape_cast %b_121 : vector<32xbf16> to vector<8x4xbf16>
        %c_123 = arith.constant 1472 : index
        %i_124 = arith.addi %i_26, %c_123 : index
        %a_125 = vector.load %a[%i_124] {alignment = 32 : i64} : memref<1920xbf16>, vector<64xbf16>
        %v_126 = vector.shape_cast %a_125 : vector<64xbf16> to vector<8x8xbf16>
        %y_127 = aievec.matmul_aie2p %v_116, %v_122, %y_117 : vector<8x8xbf16>, vector<8x4xbf16> into vector<8x4xf32>
        %y_128 = aievec.matmul_aie2p %v_126, %v_122, %y_118 : vector<8x8xbf16>, vector<8x4xbf16> into vector<8x4xf32>
        %v_129 = vector.shape_cast %y_127 : vector<8x4xf32> to vector<32xf32>
        vector.store %v_129, %c[%i_25] {alignment = 32 : i64} : memref<512xf32>, vector<32xf32>
        %v_130 = vector.shape_cast %y_128 : vector<8x4xf32> to vector<32xf32>
        vector.store %v_130, %c[%i_29] {alignment = 32 : i64} : memref<512xf32>, vector<32xf32>
        %i_131 = arith.addi %x_15, %c_10 : index
        %c_132 = arith.constant 2 : index
        %is_133 = arith.cmpi eq, %i_131, %c_132 : index
        %i_134 = arith.select %is_133, %c_9, %i_131 : index
        %i_135 = arith.addi %x_14, %c_10 : index
        %c_136 = arith.constant 4 : index
        %is_137 = arith.cmpi eq, %i_135, %c_136 : index
        %i_138 = arith.select %is_137, %c_9, %i_135 : index
        %i_139 = arith.select %is_133, %i_138, %x_14 : index
        scf.yield %i_139, %i_134 : index, index
      }
      return
    }
    func.func private @finish(%acc: memref<512xf32>, %b: memref<640xbf16>, %out: memref<512xbf16>) {
      %c_1 = arith.constant 0 : index
      %c_2 = arith.constant 1 : index
      %c_3 = arith.constant 2 : index
      %c_4 = arith.constant 64 : index
      %c_5 = arith.constant 32 : index
      %k_6 = arith.constant dense<0.000000e+00> : vector<32xbf16>
      %c_7 = arith.constant 1 : index
      scf.for %n_8 = %c_1 to %c_3 step %c_7 {
        %c_9 = arith.constant 8 : index
        %i_10 = arith.muli %n_8, %c_9 : index
        %c_11 = arith.constant 576 : index
        %i_12 = arith.addi %i_10, %c_11 : index
        %v_13 = vector.load %b[%i_12] {alignment = 16 : i64} : memref<640xbf16>, vector<8xbf16>
        %v_14 = vector.bitcast %v_13 : vector<8xbf16> to vector<4xf32>
        %bias_15 = vector.shuffle %v_14, %v_14 [0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3] : vector<4xf32>, vector<4xf32>
        %c_16 = arith.constant 8 : index
        scf.for %m_17 = %c_1 to %c_16 step %c_2 {
          %i_18 = arith.muli %m_17, %c_4 : index
          %i_19 = arith.muli %n_8, %c_5 : index
          %i_20 = arith.addi %i_18, %i_19 : index
          %acc_21 = vector.load %acc[%i_20] {alignment = 32 : i64} : memref<512xf32>, vector<32xf32>
          %w_22 = vector.shuffle %acc_21, %acc_21 [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1] : vector<32xf32>, vector<32xf32>
          %w_23 = vector.shuffle %bias_15, %bias_15 [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1] : vector<32xf32>, vector<32xf32>
          %e_24 = arith.addf %w_22, %w_23 : vector<128xf32>
          %e_25 = vector.shuffle %e_24, %e_24 [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31] : vector<128xf32>, vector<128xf32>
          %e_26 = vector.bitcast %e_25 : vector<32xf32> to vector<32xi32>
          %k_27 = arith.constant dense<15> : vector<32xi32>
          %e_28 = arith.shli %e_26, %k_27 : vector<32xi32>
          %k_29 = arith.constant dense<31> : vector<32xi32>
          %e_30 = arith.shrui %e_28, %k_29 : vector<32xi32>
          %k_31 = arith.constant dense<32767> : vector<32xi32>
          %e_32 = arith.addi %e_26, %k_31 : vector<32xi32>
          %e_33 = arith.addi %e_32, %e_30 : vector<32xi32>
          %k_34 = arith.constant dense<1> : vector<32xi32>
          %e_35 = arith.shli %e_26, %k_34 : vector<32xi32>
          %k_36 = arith.constant dense<-16777216> : vector<32xi32>
          %is_37 = arith.cmpi ugt, %e_35, %k_36 : vector<32xi32>
          %k_38 = arith.constant dense<2143289344> : vector<32xi32>
          %e_39 = arith.select %is_37, %k_38, %e_33 : vector<32xi1>, vector<32xi32>
          %v_40 = vector.bitcast %e_39 : vector<32xi32> to vector<64xi16>
          %e_41 = vector.shuffle %v_40, %v_40 [1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31, 33, 35, 37, 39, 41, 43, 45, 47, 49, 51, 53, 55, 57, 59, 61, 63] : vector<64xi16>, vector<64xi16>
          %e_42 = vector.bitcast %e_41 : vector<32xi16> to vector<32xbf16>
          %w_43 = vector.shuffle %e_42, %e_42 [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1] : vector<32xbf16>, vector<32xbf16>
          %w_44 = vector.shuffle %k_6, %k_6 [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1] : vector<32xbf16>, vector<32xbf16>
          %e_45 = arith.maximumf %w_43, %w_44 : vector<128xbf16>
          %e_46 = vector.shuffle %e_45, %e_45 [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31] : vector<128xbf16>, vector<128xbf16>
          vector.store %e_46, %out[%i_20] {alignment = 32 : i64} : memref<512xbf16>, vector<32xbf16>
        }
      }
      return
    }
    %program_0_0 = aie.core(%core_0_0) {
      %c_1 = arith.constant 0 : index
      %c_2 = arith.constant 1 : index
      %c_3 = arith.constant 9223372036854775807 : index
      scf.for %call_4 = %c_1 to %c_3 step %c_2 {
        %s_5 = aie.objectfifo.acquire @b_l1_0(Consume, 1) : !aie.objectfifosubview<memref<640xbf16>>
        %o_6 = aie.objectfifo.subview.access %s_5[0] : !aie.objectfifosubview<memref<640xbf16>> -> memref<640xbf16>
        func.call @take(%o_6, %parameters_0_0) : (memref<640xbf16>, memref<16xi32>) -> ()
        %c_7 = arith.constant 0 : index
        %n_8 = memref.load %parameters_0_0[%c_7] : memref<16xi32>
        %n_9 = arith.index_cast %n_8 : i32 to index
        %c_10 = arith.constant 1 : index
        %n_11 = memref.load %parameters_0_0[%c_10] : memref<16xi32>
        %n_12 = arith.index_cast %n_11 : i32 to index
        %c_13 = arith.constant 1 : index
        scf.for %t_14 = %c_1 to %n_12 step %c_2 {
          %s_15 = aie.objectfifo.acquire @a_l1_0(Consume, 1) : !aie.objectfifosubview<memref<1920xbf16>>
          %o_16 = aie.objectfifo.subview.access %s_15[0] : !aie.objectfifosubview<memref<1920xbf16>> -> memref<1920xbf16>
          func.call @start(%o_16, %o_6, %acc_0_0, %c_1) : (memref<1920xbf16>, memref<640xbf16>, memref<512xf32>, index) -> ()
          aie.objectfifo.release @a_l1_0(Consume, 1)
          %s_17 = aie.objectfifo.acquire @c_l1_0_0(Produce, 1) : !aie.objectfifosubview<memref<512xbf16>>
          %o_18 = aie.objectfifo.subview.access %s_17[0] : !aie.objectfifosubview<memref<512xbf16>> -> memref<512xbf16>
          func.call @finish(%acc_0_0, %o_6, %o_18) : (memref<512xf32>, memref<640xbf16>, memref<512xbf16>) -> ()
          aie.objectfifo.release @c_l1_0_0(Produce, 1)
        }
        aie.objectfifo.release @b_l1_0(Consume, 1)
        scf.for %p_19 = %c_2 to %n_9 step %c_2 {
          %s_20 = aie.objectfifo.acquire @b_l1_0(Consume, 1) : !aie.objectfifosubview<memref<640xbf16>>
          %o_21 = aie.objectfifo.subview.access %s_20[0] : !aie.objectfifosubview<memref<640xbf16>> -> memref<640xbf16>
          scf.for %t_22 = %c_1 to %n_12 step %c_2 {
            %s_23 = aie.objectfifo.acquire @a_l1_0(Consume, 1) : !aie.objectfifosubview<memref<1920xbf16>>
            %o_24 = aie.objectfifo.subview.access %s_23[0] : !aie.objectfifosubview<memref<1920xbf16>> -> memref<1920xbf16>
            func.call @start(%o_24, %o_21, %acc_0_0, %c_1) : (memref<1920xbf16>, memref<640xbf16>, memref<512xf32>, index) -> ()
            aie.objectfifo.release @a_l1_0(Consume, 1)
            %s_25 = aie.objectfifo.acquire @c_l1_0_0(Produce, 1) : !aie.objectfifosubview<memref<512xbf16>>
            %o_26 = aie.objectfifo.subview.access %s_25[0] : !aie.objectfifosubview<memref<512xbf16>> -> memref<512xbf16>
            func.call @finish(%acc_0_0, %o_21, %o_26) : (memref<512xf32>, memref<640xbf16>, memref<512xbf16>) -> ()
            aie.objectfifo.release @c_l1_0_0(Produce, 1)
          }
          aie.objectfifo.release @b_l1_0(Consume, 1)
        }
      }
      aie.end
    } {dynamic_objfifo_lowering = true, stack_size = 2048 : i32}
    aie.runtime_sequence @sequence(%lhs: memref<1360xbf16>, %weights: memref<640xbf16>, %result: memref<512xbf16>) {
      aiex.npu.dma_memcpy_nd(%lhs[0, 0, 0, 0][1, 1, 1, 1360][0, 0, 0, 1]) {id = 0 : i64, issue_token = true, metadata = @a_l3_0} : memref<1360xbf16>
      aiex.npu.dma_memcpy_nd(%weights[0, 0, 0, 0][1, 1, 1, 640][0, 0, 0, 1]) {id = 4 : i64, issue_token = true, metadata = @b_l3_0} : memref<640xbf16>
      aiex.npu.dma_memcpy_nd(%result[0, 0, 0, 0][1, 1, 1, 512][0, 0, 0, 1]) {id = 8 : i64, issue_token = true, metadata = @c_l3_0} : memref<512xbf16>
      aiex.npu.dma_wait {symbol = @a_l3_0}
      aiex.npu.dma_wait {symbol = @b_l3_0}
      aiex.npu.dma_wait {symbol = @c_l3_0}
    }
  }
}
