module {
  aie.device(npu2) {
    %shim_0 = aie.tile(0, 0)
    %mem_0 = aie.tile(0, 1)
    %shim_1 = aie.tile(1, 0)
    %mem_1 = aie.tile(1, 1)
    %core_0_0 = aie.tile(0, 2)
    %core_1_0 = aie.tile(1, 2)
    aie.objectfifo @a_l3_0(%shim_0, {%mem_0}, 2 : i32) : !aie.objectfifo<memref<816xbf16>>
    aie.objectfifo @a_l1_0(%mem_0 dimensionsToStream [<size = 18, stride = 8>, <size = 8, stride = 96>, <size = 8, stride = 1>], {%core_0_0}, 2 : i32) {padDimensions = #aie<bd_pad_layout_array[<const_pad_before = 0, const_pad_after = 0>, <const_pad_before = 0, const_pad_after = 0>, <const_pad_before = 0, const_pad_after = 0>]>} : !aie.objectfifo<memref<1152xbf16>>
    aie.objectfifo.link [@a_l3_0] -> [@a_l1_0] ([] [])
    aie.objectfifo @a_l3_1(%shim_1, {%mem_1}, 2 : i32) : !aie.objectfifo<memref<816xbf16>>
    aie.objectfifo @a_l1_1(%mem_1 dimensionsToStream [<size = 18, stride = 8>, <size = 8, stride = 96>, <size = 8, stride = 1>], {%core_1_0}, 2 : i32) {padDimensions = #aie<bd_pad_layout_array[<const_pad_before = 0, const_pad_after = 0>, <const_pad_before = 0, const_pad_after = 0>, <const_pad_before = 0, const_pad_after = 0>]>} : !aie.objectfifo<memref<1152xbf16>>
    aie.objectfifo.link [@a_l3_1] -> [@a_l1_1] ([] [])
    aie.objectfifo @b_l3_0(%shim_0, {%mem_0}, 2 : i32) : !aie.objectfifo<memref<608xbf16>>
    aie.objectfifo @b_l1_0(%mem_0, {%core_0_0, %core_1_0}, [2, 2, 2]) : !aie.objectfifo<memref<608xbf16>>
    aie.objectfifo.link [@b_l3_0] -> [@b_l1_0] ([] [])
    aie.objectfifo @c_l1_0_0(%core_0_0, {%mem_0}, 2 : i32) : !aie.objectfifo<memref<256xbf16>>
    aie.objectfifo @c_l3_0(%mem_0 dimensionsToStream [<size = 8, stride = 4>, <size = 4, stride = 64>, <size = 2, stride = 32>, <size = 4, stride = 1>], {%shim_0}, 2 : i32) : !aie.objectfifo<memref<256xbf16>>
    aie.objectfifo.link [@c_l1_0_0] -> [@c_l3_0] ([] [])
    aie.objectfifo @c_l1_1_0(%core_1_0, {%mem_1}, 2 : i32) : !aie.objectfifo<memref<256xbf16>>
    aie.objectfifo @c_l3_1(%mem_1 dimensionsToStream [<size = 8, stride = 4>, <size = 4, stride = 64>, <size = 2, stride = 32>, <size = 4, stride = 1>], {%shim_1}, 2 : i32) : !aie.objectfifo<memref<256xbf16>>
    aie.objectfifo.link [@c_l1_1_0] -> [@c_l3_1] ([] [])
    %acc_0_0 = aie.buffer(%core_0_0) {sym_name = "acc_0_0"} : memref<256xf32>
    %acc_1_0 = aie.buffer(%core_1_0) {sym_name = "acc_1_0"} : memref<256xf32>
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
    func.func private @multiply(%a: memref<1152xbf16>, %b: memref<608xbf16>, %c: memref<256xf32>, %q: index) {
      %c_1 = arith.constant 0 : index
      %c_2 = arith.constant 576 : index
      %i_3 = arith.muli %q, %c_2 : index
      %c_4 = arith.constant 1 : index
      %c_5 = arith.constant 1 : index
      scf.for %y_6 = %c_1 to %c_4 step %c_5 {
        %c_7 = arith.constant 4 : index
        %c_8 = arith.constant 4 : index
        scf.for %x_9 = %c_1 to %c_7 step %c_8 {
          %c_10 = arith.constant 2 : index
          %c_11 = arith.constant 1 : index
          scf.for %nb_12 = %c_1 to %c_10 step %c_11 {
            %c_13 = arith.constant 12 : index
            %i_14 = arith.muli %y_6, %c_13 : index
            %c_15 = arith.constant 1 : index
            %i_16 = arith.muli %x_9, %c_15 : index
            %i_17 = arith.addi %i_14, %i_16 : index
            %c_18 = arith.constant 64 : index
            %i_19 = arith.muli %i_17, %c_18 : index
            %c_20 = arith.constant 288 : index
            %i_21 = arith.muli %nb_12, %c_20 : index
            %i_22 = arith.addi %i_21, %i_3 : index
            %c_23 = arith.constant 4 : index
            %i_24 = arith.muli %y_6, %c_23 : index
            %i_25 = arith.addi %i_24, %x_9 : index
            %c_26 = arith.constant 2 : index
            %i_27 = arith.muli %i_25, %c_26 : index
            %i_28 = arith.addi %i_27, %nb_12 : index
            %c_29 = arith.constant 32 : index
            %i_30 = arith.muli %i_28, %c_29 : index
            %c_31 = arith.constant 64 : index
            %i_32 = arith.addi %i_30, %c_31 : index
            %c_33 = arith.constant 128 : index
            %i_34 = arith.addi %i_30, %c_33 : index
            %c_35 = arith.constant 192 : index
            %i_36 = arith.addi %i_30, %c_35 : index
            %v_37 = vector.load %c[%i_30] {alignment = 32 : i64} : memref<256xf32>, vector<32xf32>
            %acc_38 = vector.shape_cast %v_37 : vector<32xf32> to vector<8x4xf32>
            %v_39 = vector.load %c[%i_32] {alignment = 32 : i64} : memref<256xf32>, vector<32xf32>
            %acc_40 = vector.shape_cast %v_39 : vector<32xf32> to vector<8x4xf32>
            %v_41 = vector.load %c[%i_34] {alignment = 32 : i64} : memref<256xf32>, vector<32xf32>
            %acc_42 = vector.shape_cast %v_41 : vector<32xf32> to vector<8x4xf32>
            %v_43 = vector.load %c[%i_36] {alignment = 32 : i64} : memref<256xf32>, vector<32xf32>
            %acc_44 = vector.shape_cast %v_43 : vector<32xf32> to vector<8x4xf32>
            %c_45 = arith.constant 0 : index
            %c_46 = arith.constant 1 : index
            %c_47 = arith.constant 1 : index
            %sum_53:4 = scf.for %k_48 = %c_45 to %c_47 step %c_46 iter_args(%x_49 = %acc_38, %x_50 = %acc_40, %x_51 = %acc_42, %x_52 = %acc_44) -> (vector<8x4xf32>, vector<8x4xf32>, vector<8x4xf32>, vector<8x4xf32>) {
              %c_54 = arith.constant 64 : index
              %i_55 = arith.muli %k_48, %c_54 : index
              %i_56 = arith.addi %i_19, %i_55 : index
              %c_57 = arith.constant 288 : index
              %i_58 = arith.muli %k_48, %c_57 : index
              %i_59 = arith.addi %i_22, %i_58 : index
              %c_60 = arith.constant 3 : index
              %sum_66:4 = scf.for %ky_61 = %c_45 to %c_60 step %c_46 iter_args(%x_62 = %x_49, %x_63 = %x_50, %x_64 = %x_51, %x_65 = %x_52) -> (vector<8x4xf32>, vector<8x4xf32>, vector<8x4xf32>, vector<8x4xf32>) {
                %c_67 = arith.constant 384 : index
                %i_68 = arith.muli %ky_61, %c_67 : index
                %i_69 = arith.addi %i_56, %i_68 : index
                %c_70 = arith.constant 96 : index
                %i_71 = arith.muli %ky_61, %c_70 : index
                %i_72 = arith.addi %i_59, %i_71 : index
                %b_73 = vector.load %b[%i_72] {alignment = 32 : i64} : memref<608xbf16>, vector<32xbf16>
                %v_74 = vector.shape_cast %b_73 : vector<32xbf16> to vector<8x4xbf16>
                %a_75 = vector.load %a[%i_69] {alignment = 32 : i64} : memref<1152xbf16>, vector<64xbf16>
                %v_76 = vector.shape_cast %a_75 : vector<64xbf16> to vector<8x8xbf16>
                %c_77 = arith.constant 64 : index
                %i_78 = arith.addi %i_69, %c_77 : index
                %a_79 = vector.load %a[%i_78] {alignment = 32 : i64} : memref<1152xbf16>, vector<64xbf16>
                %v_80 = vector.shape_cast %a_79 : vector<64xbf16> to vector<8x8xbf16>
                %c_81 = arith.constant 128 : index
                %i_82 = arith.addi %i_69, %c_81 : index
                %a_83 = vector.load %a[%i_82] {alignment = 32 : i64} : memref<1152xbf16>, vector<64xbf16>
                %v_84 = vector.shape_cast %a_83 : vector<64xbf16> to vector<8x8xbf16>
                %c_85 = arith.constant 192 : index
                %i_86 = arith.addi %i_69, %c_85 : index
                %a_87 = vector.load %a[%i_86] {alignment = 32 : i64} : memref<1152xbf16>, vector<64xbf16>
                %v_88 = vector.shape_cast %a_87 : vector<64xbf16> to vector<8x8xbf16>
                %y_89 = aievec.matmul_aie2p %v_76, %v_74, %x_62 : vector<8x8xbf16>, vector<8x4xbf16> into vector<8x4xf32>
                %y_90 = aievec.matmul_aie2p %v_80, %v_74, %x_63 : vector<8x8xbf16>, vector<8x4xbf16> into vector<8x4xf32>
                %y_91 = aievec.matmul_aie2p %v_84, %v_74, %x_64 : vector<8x8xbf16>, vector<8x4xbf16> into vector<8x4xf32>
                %y_92 = aievec.matmul_aie2p %v_88, %v_74, %x_65 : vector<8x8xbf16>, vector<8x4xbf16> into vector<8x4xf32>
                %c_93 = arith.constant 32 : index
                %i_94 = arith.addi %i_72, %c_93 : index
                %b_95 = vector.load %b[%i_94] {alignment = 32 : i64} : memref<608xbf16>, vector<32xbf16>
                %v_96 = vector.shape_cast %b_95 : vector<32xbf16> to vector<8x4xbf16>
                %c_97 = arith.constant 256 : index
                %i_98 = arith.addi %i_69, %c_97 : index
                %a_99 = vector.load %a[%i_98] {alignment = 32 : i64} : memref<1152xbf16>, vector<64xbf16>
                %v_100 = vector.shape_cast %a_99 : vector<64xbf16> to vector<8x8xbf16>
                %y_101 = aievec.matmul_aie2p %v_80, %v_96, %y_89 : vector<8x8xbf16>, vector<8x4xbf16> into vector<8x4xf32>
                %y_102 = aievec.matmul_aie2p %v_84, %v_96, %y_90 : vector<8x8xbf16>, vector<8x4xbf16> into vector<8x4xf32>
                %y_103 = aievec.matmul_aie2p %v_88, %v_96, %y_91 : vector<8x8xbf16>, vector<8x4xbf16> into vector<8x4xf32>
                %y_104 = aievec.matmul_aie2p %v_100, %v_96, %y_92 : vector<8x8xbf16>, vector<8x4xbf16> into vector<8x4xf32>
                %c_105 = arith.constant 64 : index
                %i_106 = arith.addi %i_72, %c_105 : index
                %b_107 = vector.load %b[%i_106] {alignment = 32 : i64} : memref<608xbf16>, vector<32xbf16>
                %v_108 = vector.shape_cast %b_107 : vector<32xbf16> to vector<8x4xbf16>
                %c_109 = arith.constant 320 : index
                %i_110 = arith.addi %i_69, %c_109 : index
                %a_111 = vector.load %a[%i_110] {alignment = 32 : i64} : memref<1152xbf16>, vector<64xbf16>
                %v_112 = vector.shape_cast %a_111 : vector<64xbf16> to vector<8x8xbf16>
                %y_113 = aievec.matmul_aie2p %v_84, %v_108, %y_101 : vector<8x8xbf16>, vector<8x4xbf16> into vector<8x4xf32>
                %y_114 = aievec.matmul_aie2p %v_88, %v_108, %y_102 : vector<8x8xbf16>, vector<8x4xbf16> into vector<8x4xf32>
                %y_115 = aievec.matmul_aie2p %v_100, %v_108, %y_103 : vector<8x8xbf16>, vector<8x4xbf16> into vector<8x4xf32>
                %y_116 = aievec.matmul_aie2p %v_112, %v_108, %y_104 : vector<8x8xbf16>, vector<8x4xbf16> into vector<8x4xf32>
                scf.yield %y_113, %y_114, %y_115, %y_116 : vector<8x4xf32>, vector<8x4xf32>, vector<8x4xf32>, vector<8x4xf32>
              }
              scf.yield %sum_66#0, %sum_66#1, %sum_66#2, %sum_66#3 : vector<8x4xf32>, vector<8x4xf32>, vector<8x4xf32>, vector<8x4xf32>
            }
            %v_117 = vector.shape_cast %sum_53#0 : vector<8x4xf32> to vector<32xf32>
            vector.store %v_117, %c[%i_30] {alignment = 32 : i64} : memref<256xf32>, vector<32xf32>
            %v_118 = vector.shape_cast %sum_53#1 : vector<8x4xf32> to vector<32xf32>
            vector.store %v_118, %c[%i_32] {alignment = 32 : i64} : memref<256xf32>, vector<32xf32>
            %v_119 = vector.shape_cast %sum_53#2 : vector<8x4xf32> to vector<32xf32>
            vector.store %v_119, %c[%i_34] {alignment = 32 : i64} : memref<256xf32>, vector<32xf32>
            %v_120 = vector.shape_cast %sum_53#3 : vector<8x4xf32> to vector<32xf32>
            vector.store %v_120, %c[%i_36] {alignment = 32 : i64} : memref<256xf32>, vector<32xf32>
          }
        }
      }
      return
    }
    func.func private @finish(%acc: memref<256xf32>, %b: memref<608xbf16>, %out: memref<256xbf16>) {
      %c_1 = arith.constant 0 : index
      %c_2 = arith.constant 1 : index
      %c_3 = arith.constant 2 : index
      %c_4 = arith.constant 64 : index
      %c_5 = arith.constant 32 : index
      %k_6 = arith.constant dense<0.000000000e+00> : vector<32xbf16>
      %c_7 = arith.constant 1 : index
      scf.for %n_8 = %c_1 to %c_3 step %c_7 {
        %c_9 = arith.constant 8 : index
        %i_10 = arith.muli %n_8, %c_9 : index
        %c_11 = arith.constant 576 : index
        %i_12 = arith.addi %i_10, %c_11 : index
        %v_13 = vector.load %b[%i_12] {alignment = 16 : i64} : memref<608xbf16>, vector<8xbf16>
        %v_14 = vector.bitcast %v_13 : vector<8xbf16> to vector<4xf32>
        %bias_15 = vector.shuffle %v_14, %v_14 [0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3] : vector<4xf32>, vector<4xf32>
        %c_16 = arith.constant 4 : index
        scf.for %m_17 = %c_1 to %c_16 step %c_2 {
          %i_18 = arith.muli %m_17, %c_4 : index
          %i_19 = arith.muli %n_8, %c_5 : index
          %i_20 = arith.addi %i_18, %i_19 : index
          %acc_21 = vector.load %acc[%i_20] {alignment = 32 : i64} : memref<256xf32>, vector<32xf32>
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
          %e_37 = arith.cmpi ugt, %e_35, %k_36 : vector<32xi32>
          %k_38 = arith.constant dense<2143289344> : vector<32xi32>
          %e_39 = arith.select %e_37, %k_38, %e_33 : vector<32xi1>, vector<32xi32>
          %e_40 = vector.bitcast %e_39 : vector<32xi32> to vector<64xi16>
          %e_41 = vector.shuffle %e_40, %e_40 [1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31, 33, 35, 37, 39, 41, 43, 45, 47, 49, 51, 53, 55, 57, 59, 61, 63] : vector<64xi16>, vector<64xi16>
          %e_42 = vector.bitcast %e_41 : vector<32xi16> to vector<32xbf16>
          %w_43 = vector.shuffle %e_42, %e_42 [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1] : vector<32xbf16>, vector<32xbf16>
          %w_44 = vector.shuffle %k_6, %k_6 [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1] : vector<32xbf16>, vector<32xbf16>
          %e_45 = arith.maximumf %w_43, %w_44 : vector<128xbf16>
          %e_46 = vector.shuffle %e_45, %e_45 [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31] : vector<128xbf16>, vector<128xbf16>
          vector.store %e_46, %out[%i_20] {alignment = 32 : i64} : memref<256xbf16>, vector<32xbf16>
        }
      }
      return
    }
    %program_0_0 = aie.core(%core_0_0) {
      %c_1 = arith.constant 0 : index
      %c_2 = arith.constant 1 : index
      %c_3 = arith.constant 1 : index
      %c_4 = arith.constant 1 : index
      %c_5 = arith.constant 1 : index
      %c_6 = arith.constant 9223372036854775807 : index
      scf.for %call_7 = %c_1 to %c_6 step %c_2 {
        scf.for %p_8 = %c_1 to %c_3 step %c_2 {
          %s_9 = aie.objectfifo.acquire @b_l1_0(Consume, 1) : !aie.objectfifosubview<memref<608xbf16>>
          %o_10 = aie.objectfifo.subview.access %s_9[0] : !aie.objectfifosubview<memref<608xbf16>> -> memref<608xbf16>
          scf.for %t_11 = %c_1 to %c_4 step %c_2 {
            func.call @clear(%acc_0_0) : (memref<256xf32>) -> ()
            scf.for %q_12 = %c_1 to %c_5 step %c_2 {
              %s_13 = aie.objectfifo.acquire @a_l1_0(Consume, 1) : !aie.objectfifosubview<memref<1152xbf16>>
              %o_14 = aie.objectfifo.subview.access %s_13[0] : !aie.objectfifosubview<memref<1152xbf16>> -> memref<1152xbf16>
              func.call @multiply(%o_14, %o_10, %acc_0_0, %q_12) : (memref<1152xbf16>, memref<608xbf16>, memref<256xf32>, index) -> ()
              aie.objectfifo.release @a_l1_0(Consume, 1)
            }
            %s_15 = aie.objectfifo.acquire @c_l1_0_0(Produce, 1) : !aie.objectfifosubview<memref<256xbf16>>
            %o_16 = aie.objectfifo.subview.access %s_15[0] : !aie.objectfifosubview<memref<256xbf16>> -> memref<256xbf16>
            func.call @finish(%acc_0_0, %o_10, %o_16) : (memref<256xf32>, memref<608xbf16>, memref<256xbf16>) -> ()
            aie.objectfifo.release @c_l1_0_0(Produce, 1)
          }
          aie.objectfifo.release @b_l1_0(Consume, 1)
        }
      }
      aie.end
    } {dynamic_objfifo_lowering = true, stack_size = 2048 : i32}
    %program_1_0 = aie.core(%core_1_0) {
      %c_17 = arith.constant 0 : index
      %c_18 = arith.constant 1 : index
      %c_19 = arith.constant 1 : index
      %c_20 = arith.constant 1 : index
      %c_21 = arith.constant 1 : index
      %c_22 = arith.constant 9223372036854775807 : index
      scf.for %call_23 = %c_17 to %c_22 step %c_18 {
        scf.for %p_24 = %c_17 to %c_19 step %c_18 {
          %s_25 = aie.objectfifo.acquire @b_l1_0(Consume, 1) : !aie.objectfifosubview<memref<608xbf16>>
          %o_26 = aie.objectfifo.subview.access %s_25[0] : !aie.objectfifosubview<memref<608xbf16>> -> memref<608xbf16>
          scf.for %t_27 = %c_17 to %c_20 step %c_18 {
            func.call @clear(%acc_1_0) : (memref<256xf32>) -> ()
            scf.for %q_28 = %c_17 to %c_21 step %c_18 {
              %s_29 = aie.objectfifo.acquire @a_l1_1(Consume, 1) : !aie.objectfifosubview<memref<1152xbf16>>
              %o_30 = aie.objectfifo.subview.access %s_29[0] : !aie.objectfifosubview<memref<1152xbf16>> -> memref<1152xbf16>
              func.call @multiply(%o_30, %o_26, %acc_1_0, %q_28) : (memref<1152xbf16>, memref<608xbf16>, memref<256xf32>, index) -> ()
              aie.objectfifo.release @a_l1_1(Consume, 1)
            }
            %s_31 = aie.objectfifo.acquire @c_l1_1_0(Produce, 1) : !aie.objectfifosubview<memref<256xbf16>>
            %o_32 = aie.objectfifo.subview.access %s_31[0] : !aie.objectfifosubview<memref<256xbf16>> -> memref<256xbf16>
            func.call @finish(%acc_1_0, %o_26, %o_32) : (memref<256xf32>, memref<608xbf16>, memref<256xbf16>) -> ()
            aie.objectfifo.release @c_l1_1_0(Produce, 1)
          }
          aie.objectfifo.release @b_l1_0(Consume, 1)
        }
      }
      aie.end
    } {dynamic_objfifo_lowering = true, stack_size = 2048 : i32}
    aie.runtime_sequence @sequence(%lhs: memref<1360xbf16>, %weights: memref<608xbf16>, %result: memref<512xbf16>) {
      aiex.npu.dma_memcpy_nd(%lhs[0, 0, 0, 0][17, 1, 1, 48][80, 0, 0, 1]) {id = 0 : i64, issue_token = true, metadata = @a_l3_0} : memref<1360xbf16>
      aiex.npu.dma_memcpy_nd(%lhs[0, 0, 0, 32][17, 1, 1, 48][80, 0, 0, 1]) {id = 0 : i64, issue_token = true, metadata = @a_l3_1} : memref<1360xbf16>
      aiex.npu.dma_memcpy_nd(%weights[0, 0, 0, 0][1, 1, 1, 608][0, 0, 0, 1]) {id = 4 : i64, issue_token = true, metadata = @b_l3_0} : memref<608xbf16>
      aiex.npu.dma_memcpy_nd(%result[0, 0, 0, 0][8, 1, 1, 32][64, 0, 0, 1]) {id = 8 : i64, issue_token = true, metadata = @c_l3_0} : memref<512xbf16>
      aiex.npu.dma_memcpy_nd(%result[0, 0, 0, 32][8, 1, 1, 32][64, 0, 0, 1]) {id = 8 : i64, issue_token = true, metadata = @c_l3_1} : memref<512xbf16>
      aiex.npu.dma_wait {symbol = @a_l3_0}
      aiex.npu.dma_wait {symbol = @a_l3_1}
      aiex.npu.dma_wait {symbol = @b_l3_0}
      aiex.npu.dma_wait {symbol = @c_l3_0}
      aiex.npu.dma_wait {symbol = @c_l3_1}
    }
  }
}
