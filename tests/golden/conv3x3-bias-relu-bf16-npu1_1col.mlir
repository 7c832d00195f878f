module {
  aie.device(npu1_1col) {
    %shim_0 = aie.tile(0, 0)
    %mem_0 = aie.tile(0, 1)
    %core_0_0 = aie.tile(0, 2)
    %core_0_1 = aie.tile(0, 3)
    aie.objectfifo @a_l3_0(%shim_0, {%mem_0}, 2 : i32) : !aie.objectfifo<memref<1536xbf16>>
    aie.objectfifo @a_l1_0(%mem_0 dimensionsToStream [<size = 8, stride = 192>, <size = 6, stride = 8>, <size = 4, stride = 48>, <size = 8, stride = 1>], {%core_0_0, %core_0_1}, 2 : i32) : !aie.objectfifo<memref<1536xbf16>>
    aie.objectfifo.link [@a_l3_0] -> [@a_l1_0] ([] [])
    aie.objectfifo @b_l3_0(%shim_0, {%mem_0}, 2 : i32) : !aie.objectfifo<memref<2336xbf16>>
    aie.objectfifo @b_l1_0(%mem_0, {%core_0_0}, [2, 2]) : !aie.objectfifo<memref<1168xbf16>>
    aie.objectfifo @b_l1_1(%mem_0, {%core_0_1}, [2, 2]) : !aie.objectfifo<memref<1168xbf16>>
    aie.objectfifo.link [@b_l3_0] -> [@b_l1_0, @b_l1_1] ([] [0, 1168])
    aie.objectfifo @c_l1_0_0(%core_0_0, {%mem_0}, 2 : i32) : !aie.objectfifo<memref<256xbf16>>
    aie.objectfifo @c_l1_0_1(%core_0_1, {%mem_0}, 2 : i32) : !aie.objectfifo<memref<256xbf16>>
    aie.objectfifo @c_l3_0(%mem_0 dimensionsToStream [<size = 8, stride = 32>, <size = 4, stride = 4>, <size = 2, stride = 16>, <size = 4, stride = 1>], {%shim_0}, 2 : i32) : !aie.objectfifo<memref<512xbf16>>
    aie.objectfifo.link [@c_l1_0_0, @c_l1_0_1] -> [@c_l3_0] ([0, 256] [])
    %acc_0_0 = aie.buffer(%core_0_0) {sym_name = "acc_0_0"} : memref<256xf32>
    %acc_0_1 = aie.buffer(%core_0_1) {sym_name = "acc_0_1"} : memref<256xf32>
    func.func private @clear(%c: memref<256xf32>) {
      %c_1 = arith.constant 0 : index
      %c_2 = arith.constant 256 : index
      %c_3 = arith.constant 16 : index
      %v_4 = arith.constant dense<0.000000e+00> : vector<16xf32>
      scf.for %i_5 = %c_1 to %c_2 step %c_3 {
        vector.store %v_4, %c[%i_5] {alignment = 32 : i64} : memref<256xf32>, vector<16xf32>
      }
      return
    }
    func.func private @multiply(%a: memref<1536xbf16>, %b: memref<1168xbf16>, %c: memref<256xf32>, %q: index) {
      %c_1 = arith.constant 0 : index
      %c_2 = arith.constant 1 : index
      %c_3 = arith.constant 8 : index
      %c_4 = arith.constant 4 : index
      %c_5 = arith.constant 2 : index
      %c_6 = arith.constant 2 : index
      %c_7 = arith.constant 6 : index
      %c_8 = arith.constant 192 : index
      %c_9 = arith.constant 32 : index
      %c_10 = arith.constant 32 : index
      %c_11 = arith.constant 192 : index
      %c_12 = arith.constant 384 : index
      %c_13 = arith.constant 32 : index
      %c_14 = arith.constant 16 : index
      %i_15 = arith.muli %q, %c_12 : index
      scf.for %mb_16 = %c_1 to %c_3 step %c_4 {
        scf.for %nb_17 = %c_1 to %c_5 step %c_6 {
          %i_18 = arith.muli %mb_16, %c_8 : index
          %c_19 = arith.constant 1 : index
          %i_20 = arith.addi %mb_16, %c_19 : index
          %i_21 = arith.muli %i_20, %c_8 : index
          %c_22 = arith.constant 2 : index
          %i_23 = arith.addi %mb_16, %c_22 : index
          %i_24 = arith.muli %i_23, %c_8 : index
          %c_25 = arith.constant 3 : index
          %i_26 = arith.addi %mb_16, %c_25 : index
          %i_27 = arith.muli %i_26, %c_8 : index
          %i_28 = arith.muli %nb_17, %c_11 : index
          %i_29 = arith.addi %i_28, %i_15 : index
          %c_30 = arith.constant 1 : index
          %i_31 = arith.addi %nb_17, %c_30 : index
          %i_32 = arith.muli %i_31, %c_11 : index
          %i_33 = arith.addi %i_32, %i_15 : index
          %i_34 = arith.muli %mb_16, %c_13 : index
          %i_35 = arith.muli %nb_17, %c_14 : index
          %i_36 = arith.addi %i_35, %i_34 : index
          %c_37 = arith.constant 1 : index
          %i_38 = arith.addi %nb_17, %c_37 : index
          %i_39 = arith.muli %i_38, %c_14 : index
          %i_40 = arith.addi %i_39, %i_34 : index
          %c_41 = arith.constant 1 : index
          %i_42 = arith.addi %mb_16, %c_41 : index
          %i_43 = arith.muli %i_42, %c_13 : index
          %i_44 = arith.muli %nb_17, %c_14 : index
          %i_45 = arith.addi %i_44, %i_43 : index
          %c_46 = arith.constant 1 : index
          %i_47 = arith.addi %nb_17, %c_46 : index
          %i_48 = arith.muli %i_47, %c_14 : index
          %i_49 = arith.addi %i_48, %i_43 : index
          %c_50 = arith.constant 2 : index
          %i_51 = arith.addi %mb_16, %c_50 : index
          %i_52 = arith.muli %i_51, %c_13 : index
          %i_53 = arith.muli %nb_17, %c_14 : index
          %i_54 = arith.addi %i_53, %i_52 : index
          %c_55 = arith.constant 1 : index
          %i_56 = arith.addi %nb_17, %c_55 : index
          %i_57 = arith.muli %i_56, %c_14 : index
          %i_58 = arith.addi %i_57, %i_52 : index
          %c_59 = arith.constant 3 : index
          %i_60 = arith.addi %mb_16, %c_59 : index
          %i_61 = arith.muli %i_60, %c_13 : index
          %i_62 = arith.muli %nb_17, %c_14 : index
          %i_63 = arith.addi %i_62, %i_61 : index
          %c_64 = arith.constant 1 : index
          %i_65 = arith.addi %nb_17, %c_64 : index
          %i_66 = arith.muli %i_65, %c_14 : index
          %i_67 = arith.addi %i_66, %i_61 : index
          %v_68 = vector.load %c[%i_36] {alignment = 32 : i64} : memref<256xf32>, vector<16xf32>
          %acc_69 = vector.shape_cast %v_68 : vector<16xf32> to vector<4x4xf32>
          %v_70 = vector.load %c[%i_40] {alignment = 32 : i64} : memref<256xf32>, vector<16xf32>
          %acc_71 = vector.shape_cast %v_70 : vector<16xf32> to vector<4x4xf32>
          %v_72 = vector.load %c[%i_45] {alignment = 32 : i64} : memref<256xf32>, vector<16xf32>
          %acc_73 = vector.shape_cast %v_72 : vector<16xf32> to vector<4x4xf32>
          %v_74 = vector.load %c[%i_49] {alignment = 32 : i64} : memref<256xf32>, vector<16xf32>
          %acc_75 = vector.shape_cast %v_74 : vector<16xf32> to vector<4x4xf32>
          %v_76 = vector.load %c[%i_54] {alignment = 32 : i64} : memref<256xf32>, vector<16xf32>
          %acc_77 = vector.shape_cast %v_76 : vector<16xf32> to vector<4x4xf32>
          %v_78 = vector.load %c[%i_58] {alignment = 32 : i64} : memref<256xf32>, vector<16xf32>
          %acc_79 = vector.shape_cast %v_78 : vector<16xf32> to vector<4x4xf32>
          %v_80 = vector.load %c[%i_63] {alignment = 32 : i64} : memref<256xf32>, vector<16xf32>
          %acc_81 = vector.shape_cast %v_80 : vector<16xf32> to vector<4x4xf32>
          %v_82 = vector.load %c[%i_67] {alignment = 32 : i64} : memref<256xf32>, vector<16xf32>
          %acc_83 = vector.shape_cast %v_82 : vector<16xf32> to vector<4x4xf32>
          %sum_93:8 = scf.for %kb_84 = %c_1 to %c_7 step %c_2 iter_args(%x_85 = %acc_69, %x_86 = %acc_71, %x_87 = %acc_73, %x_88 = %acc_75, %x_89 = %acc_77, %x_90 = %acc_79, %x_91 = %acc_81, %x_92 = %acc_83) -> (vector<4x4xf32>, vector<4x4xf32>, vector<4x4xf32>, vector<4x4xf32>, vector<4x4xf32>, vector<4x4xf32>, vector<4x4xf32>, vector<4x4xf32>) {
            %i_94 = arith.muli %kb_84, %c_9 : index
            %i_95 = arith.muli %kb_84, %c_10 : index
            %i_96 = arith.addi %i_18, %i_94 : index
            %a_97 = vector.load %a[%i_96] {alignment = 32 : i64} : memref<1536xbf16>, vector<32xbf16>
            %v_98 = vector.shape_cast %a_97 : vector<32xbf16> to vector<4x8xbf16>
            %i_99 = arith.addi %i_21, %i_94 : index
            %a_100 = vector.load %a[%i_99] {alignment = 32 : i64} : memref<1536xbf16>, vector<32xbf16>
            %v_101 = vector.shape_cast %a_100 : vector<32xbf16> to vector<4x8xbf16>
            %i_102 = arith.addi %i_24, %i_94 : index
            %a_103 = vector.load %a[%i_102] {alignment = 32 : i64} : memref<1536xbf16>, vector<32xbf16>
            %v_104 = vector.shape_cast %a_103 : vector<32xbf16> to vector<4x8xbf16>
            %i_105 = arith.addi %i_27, %i_94 : index
            %a_106 = vector.load %a[%i_105] {alignment = 32 : i64} : memref<1536xbf16>, vector<32xbf16>
            %v_107 = vector.shape_cast %a_106 : vector<32xbf16> to vector<4x8xbf16>
            %i_108 = arith.addi %i_29, %i_95 : index
            %b_109 = vector.load %b[%i_108] {alignment = 32 : i64} : memref<1168xbf16>, vector<32xbf16>
            %v_110 = vector.shape_cast %b_109 : vector<32xbf16> to vector<8x4xbf16>
            %i_111 = arith.addi %i_33, %i_95 : index
            %b_112 = vector.load %b[%i_111] {alignment = 32 : i64} : memref<1168xbf16>, vector<32xbf16>
            %v_113 = vector.shape_cast %b_112 : vector<32xbf16> to vector<8x4xbf16>
            %y_114 = aievec.matmul %v_98, %v_110, %x_85 : vector<4x8xbf16>, vector<8x4xbf16> into vector<4x4xf32>
            %y_115 = aievec.matmul %v_98, %v_113, %x_86 : vector<4x8xbf16>, vector<8x4xbf16> into vector<4x4xf32>
            %y_116 = aievec.matmul %v_101, %v_110, %x_87 : vector<4x8xbf16>, vector<8x4xbf16> into vector<4x4xf32>
            %y_117 = aievec.matmul %v_101, %v_113, %x_88 : vector<4x8xbf16>, vector<8x4xbf16> into vector<4x4xf32>
            %y_118 = aievec.matmul %v_104, %v_110, %x_89 : vector<4x8xbf16>, vector<8x4xbf16> into vector<4x4xf32>
            %y_119 = aievec.matmul %v_104, %v_113, %x_90 : vector<4x8xbf16>, vector<8x4xbf16> into vector<4x4xf32>
            %y_120 = aievec.matmul %v_107, %v_110, %x_91 : vector<4x8xbf16>, vector<8x4xbf16> into vector<4x4xf32>
            %y_121 = aievec.matmul %v_107, %v_113, %x_92 : vector<4x8xbf16>, vector<8x4xbf16> into vector<4x4xf32>
            scf.yield %y_114, %y_115, %y_116, %y_117, %y_118, %y_119, %y_120, %y_121 : vector<4x4xf32>, vector<4x4xf32>, vector<4x4xf32>, vector<4x4xf32>, vector<4x4xf32>, vector<4x4xf32>, vector<4x4xf32>, vector<4x4xf32>
          }
          %v_122 = vector.shape_cast %sum_93#0 : vector<4x4xf32> to vector<16xf32>
          vector.store %v_122, %c[%i_36] {alignment = 32 : i64} : memref<256xf32>, vector<16xf32>
          %v_123 = vector.shape_cast %sum_93#1 : vector<4x4xf32> to vector<16xf32>
          vector.store %v_123, %c[%i_40] {alignment = 32 : i64} : memref<256xf32>, vector<16xf32>
          %v_124 = vector.shape_cast %sum_93#2 : vector<4x4xf32> to vector<16xf32>
          vector.store %v_124, %c[%i_45] {alignment = 32 : i64} : memref<256xf32>, vector<16xf32>
          %v_125 = vector.shape_cast %sum_93#3 : vector<4x4xf32> to vector<16xf32>
          vector.store %v_125, %c[%i_49] {alignment = 32 : i64} : memref<256xf32>, vector<16xf32>
          %v_126 = vector.shape_cast %sum_93#4 : vector<4x4xf32> to vector<16xf32>
          vector.store %v_126, %c[%i_54] {alignment = 32 : i64} : memref<256xf32>, vector<16xf32>
          %v_127 = vector.shape_cast %sum_93#5 : vector<4x4xf32> to vector<16xf32>
          vector.store %v_127, %c[%i_58] {alignment = 32 : i64} : memref<256xf32>, vector<16xf32>
          %v_128 = vector.shape_cast %sum_93#6 : vector<4x4xf32> to vector<16xf32>
          vector.store %v_128, %c[%i_63] {alignment = 32 : i64} : memref<256xf32>, vector<16xf32>
          %v_129 = vector.shape_cast %sum_93#7 : vector<4x4xf32> to vector<16xf32>
          vector.store %v_129, %c[%i_67] {alignment = 32 : i64} : memref<256xf32>, vector<16xf32>
        }
      }
      return
    }
    func.func private @finish(%acc: memref<256xf32>, %b: memref<1168xbf16>, %out: memref<256xbf16>) {
      %c_1 = arith.constant 0 : index
      %c_2 = arith.constant 1 : index
      %c_3 = arith.constant 2 : index
      %c_4 = arith.constant 32 : index
      %c_5 = arith.constant 16 : index
      %k_6 = arith.constant dense<0.000000000e+00> : vector<16xbf16>
      %c_7 = arith.constant 1 : index
      scf.for %n_8 = %c_1 to %c_3 step %c_7 {
        %c_9 = arith.constant 8 : index
        %i_10 = arith.muli %n_8, %c_9 : index
        %c_11 = arith.constant 1152 : index
        %i_12 = arith.addi %i_10, %c_11 : index
        %v_13 = vector.load %b[%i_12] {alignment = 16 : i64} : memref<1168xbf16>, vector<8xbf16>
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
          %e_37 = arith.cmpi ugt, %e_35, %k_36 : vector<16xi32>
          %k_38 = arith.constant dense<2143289344> : vector<16xi32>
          %e_39 = arith.select %e_37, %k_38, %e_33 : vector<16xi1>, vector<16xi32>
          %e_40 = vector.bitcast %e_39 : vector<16xi32> to vector<32xi16>
          %e_41 = vector.shuffle %e_40, %e_40 [1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31] : vector<32xi16>, vector<32xi16>
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
      %c_3 = arith.constant 1 : index
      %c_4 = arith.constant 2 : index
      %c_5 = arith.constant 3 : index
      %c_6 = arith.constant 9223372036854775807 : index
      scf.for %call_7 = %c_1 to %c_6 step %c_2 {
        scf.for %p_8 = %c_1 to %c_3 step %c_2 {
          %s_9 = aie.objectfifo.acquire @b_l1_0(Consume, 1) : !aie.objectfifosubview<memref<1168xbf16>>
          %o_10 = aie.objectfifo.subview.access %s_9[0] : !aie.objectfifosubview<memref<1168xbf16>> -> memref<1168xbf16>
          scf.for %t_11 = %c_1 to %c_4 step %c_2 {
            func.call @clear(%acc_0_0) : (memref<256xf32>) -> ()
            scf.for %q_12 = %c_1 to %c_5 step %c_2 {
              %s_13 = aie.objectfifo.acquire @a_l1_0(Consume, 1) : !aie.objectfifosubview<memref<1536xbf16>>
              %o_14 = aie.objectfifo.subview.access %s_13[0] : !aie.objectfifosubview<memref<1536xbf16>> -> memref<1536xbf16>
              func.call @multiply(%o_14, %o_10, %acc_0_0, %q_12) : (memref<1536xbf16>, memref<1168xbf16>, memref<256xf32>, index) -> ()
              aie.objectfifo.release @a_l1_0(Consume, 1)
            }
            %s_15 = aie.objectfifo.acquire @c_l1_0_0(Produce, 1) : !aie.objectfifosubview<memref<256xbf16>>
            %o_16 = aie.objectfifo.subview.access %s_15[0] : !aie.objectfifosubview<memref<256xbf16>> -> memref<256xbf16>
            func.call @finish(%acc_0_0, %o_10, %o_16) : (memref<256xf32>, memref<1168xbf16>, memref<256xbf16>) -> ()
            aie.objectfifo.release @c_l1_0_0(Produce, 1)
          }
          aie.objectfifo.release @b_l1_0(Consume, 1)
        }
      }
      aie.end
    } {dynamic_objfifo_lowering = true, stack_size = 2048 : i32}
    %program_0_1 = aie.core(%core_0_1) {
      %c_17 = arith.constant 0 : index
      %c_18 = arith.constant 1 : index
      %c_19 = arith.constant 1 : index
      %c_20 = arith.constant 2 : index
      %c_21 = arith.constant 3 : index
      %c_22 = arith.constant 9223372036854775807 : index
      scf.for %call_23 = %c_17 to %c_22 step %c_18 {
        scf.for %p_24 = %c_17 to %c_19 step %c_18 {
          %s_25 = aie.objectfifo.acquire @b_l1_1(Consume, 1) : !aie.objectfifosubview<memref<1168xbf16>>
          %o_26 = aie.objectfifo.subview.access %s_25[0] : !aie.objectfifosubview<memref<1168xbf16>> -> memref<1168xbf16>
          scf.for %t_27 = %c_17 to %c_20 step %c_18 {
            func.call @clear(%acc_0_1) : (memref<256xf32>) -> ()
            scf.for %q_28 = %c_17 to %c_21 step %c_18 {
              %s_29 = aie.objectfifo.acquire @a_l1_0(Consume, 1) : !aie.objectfifosubview<memref<1536xbf16>>
              %o_30 = aie.objectfifo.subview.access %s_29[0] : !aie.objectfifosubview<memref<1536xbf16>> -> memref<1536xbf16>
              func.call @multiply(%o_30, %o_26, %acc_0_1, %q_28) : (memref<1536xbf16>, memref<1168xbf16>, memref<256xf32>, index) -> ()
              aie.objectfifo.release @a_l1_0(Consume, 1)
            }
            %s_31 = aie.objectfifo.acquire @c_l1_0_1(Produce, 1) : !aie.objectfifosubview<memref<256xbf16>>
            %o_32 = aie.objectfifo.subview.access %s_31[0] : !aie.objectfifosubview<memref<256xbf16>> -> memref<256xbf16>
            func.call @finish(%acc_0_1, %o_26, %o_32) : (memref<256xf32>, memref<1168xbf16>, memref<256xbf16>) -> ()
            aie.objectfifo.release @c_l1_0_1(Produce, 1)
          }
          aie.objectfifo.release @b_l1_1(Consume, 1)
        }
      }
      aie.end
    } {dynamic_objfifo_lowering = true, stack_size = 2048 : i32}
    aie.runtime_sequence @sequence(%lhs: memref<1600xbf16>, %weights: memref<2336xbf16>, %result: memref<1024xbf16>) {
      aiex.npu.dma_memcpy_nd(%lhs[0, 0, 0, 0][3, 4, 8, 48][160, 160, 16, 1]) {id = 0 : i64, issue_token = true, metadata = @a_l3_0} : memref<1600xbf16>
      aiex.npu.dma_memcpy_nd(%weights[0, 0, 0, 0][1, 1, 1, 2336][0, 0, 0, 1]) {id = 4 : i64, issue_token = true, metadata = @b_l3_0} : memref<2336xbf16>
      aiex.npu.dma_memcpy_nd(%result[0, 0, 0, 0][2, 2, 32, 8][512, 8, 16, 1]) {id = 8 : i64, issue_token = true, metadata = @c_l3_0} : memref<1024xbf16>
      aiex.npu.dma_memcpy_nd(%lhs[0, 0, 0, 640][3, 4, 8, 48][160, 160, 16, 1]) {id = 1 : i64, issue_token = true, metadata = @a_l3_0} : memref<1600xbf16>
      aiex.npu.dma_wait {symbol = @a_l3_0}
      aiex.npu.dma_wait {symbol = @a_l3_0}
      aiex.npu.dma_wait {symbol = @b_l3_0}
      aiex.npu.dma_wait {symbol = @c_l3_0}
    }
  }
}
