module {
  aie.device(npu1_1col) {
    %shim_0 = aie.tile(0, 0)
    %mem_0 = aie.tile(0, 1)
    %core_0_0 = aie.tile(0, 2)
    %core_0_1 = aie.tile(0, 3)
    aie.objectfifo @a_l3_0(%shim_0, {%mem_0}, 2 : i32) : !aie.objectfifo<memref<2560xi8>>
    aie.objectfifo @a_l1_0_0(%mem_0, {%core_0_0}, 2 : i32) : !aie.objectfifo<memref<1280xi8>>
    aie.objectfifo @a_l1_0_1(%mem_0, {%core_0_1}, 2 : i32) : !aie.objectfifo<memref<1280xi8>>
    aie.objectfifo.link [@a_l3_0] -> [@a_l1_0_0, @a_l1_0_1] ([] [0, 1280])
    aie.objectfifo @b_l3_0(%shim_0, {%mem_0}, 2 : i32) : !aie.objectfifo<memref<640xi8>>
    aie.objectfifo @b_l1_0(%mem_0, {%core_0_0}, [2, 2]) : !aie.objectfifo<memref<320xi8>>
    aie.objectfifo @b_l1_1(%mem_0, {%core_0_1}, [2, 2]) : !aie.objectfifo<memref<320xi8>>
    aie.objectfifo.link [@b_l3_0] -> [@b_l1_0, @b_l1_1] ([] [0, 320])
    aie.objectfifo @c_l1_0_0(%core_0_0, {%mem_0}, 2 : i32) : !aie.objectfifo<memref<576xi32>>
    aie.objectfifo @c_l1_0_1(%core_0_1, {%mem_0}, 2 : i32) : !aie.objectfifo<memref<576xi32>>
    aie.objectfifo @c_l3_0(%mem_0, {%shim_0}, 2 : i32) : !aie.objectfifo<memref<1152xi32>>
    aie.objectfifo.link [@c_l1_0_0, @c_l1_0_1] -> [@c_l3_0] ([0, 576] [])
    %acc_0_0 = aie.buffer(%core_0_0) {sym_name = "acc_0_0"} : memref<576xi32>
    %acc_0_1 = aie.buffer(%core_0_1) {sym_name = "acc_0_1"} : memref<576xi32>
    func.func private @llvm.aie2.I512.I512.ACC1024.acc32.mac.conf(vector<64xi8>, vector<16xi32>, vector<16xi64>, i32) -> vector<16xi64>
    func.func private @clear(%c: memref<576xi32>) {
      %c_1 = arith.constant 0 : index
      %c_2 = arith.constant 576 : index
      %c_3 = arith.constant 16 : index
      %v_4 = arith.constant dense<0> : vector<16xi32>
      scf.for %i_5 = %c_1 to %c_2 step %c_3 {
        vector.store %v_4, %c[%i_5] {alignment = 32 : i64} : memref<576xi32>, vector<16xi32>
      }
      return
    }
    func.func private @multiply(%a: memref<1280xi8>, %b: memref<320xi8>, %c: memref<576xi32>, %q: index) {
      %c_1 = arith.constant 0 : index
      %c_2 = arith.constant 808 : i32
      %c_3 = arith.constant 320 : index
      %i_4 = arith.muli %q, %c_3 : index
      %f_5 = vector.load %b[%i_4] {alignment = 32 : i64} : memref<320xi8>, vector<64xi8>
      %v_6 = vector.bitcast %f_5 : vector<64xi8> to vector<16xi32>
      %c_7 = arith.constant 64 : index
      %i_8 = arith.addi %i_4, %c_7 : index
      %f_9 = vector.load %b[%i_8] {alignment = 32 : i64} : memref<320xi8>, vector<64xi8>
      %v_10 = vector.bitcast %f_9 : vector<64xi8> to vector<16xi32>
      %c_11 = arith.constant 128 : index
      %i_12 = arith.addi %i_4, %c_11 : index
      %f_13 = vector.load %b[%i_12] {alignment = 32 : i64} : memref<320xi8>, vector<64xi8>
      %v_14 = vector.bitcast %f_13 : vector<64xi8> to vector<16xi32>
      %c_15 = arith.constant 192 : index
      %i_16 = arith.addi %i_4, %c_15 : index
      %f_17 = vector.load %b[%i_16] {alignment = 32 : i64} : memref<320xi8>, vector<64xi8>
      %v_18 = vector.bitcast %f_17 : vector<64xi8> to vector<16xi32>
      %c_19 = arith.constant 256 : index
      %i_20 = arith.addi %i_4, %c_19 : index
      %f_21 = vector.load %b[%i_20] {alignment = 32 : i64} : memref<320xi8>, vector<64xi8>
      %v_22 = vector.bitcast %f_21 : vector<64xi8> to vector<16xi32>
      %c_23 = arith.constant 3 : index
      %c_24 = arith.constant 1 : index
      scf.for %y_25 = %c_1 to %c_23 step %c_24 {
        %c_26 = arith.constant 6 : index
        %c_27 = arith.constant 2 : index
        scf.for %x_28 = %c_1 to %c_26 step %c_27 {
          %c_29 = arith.constant 8 : index
          %i_30 = arith.muli %y_25, %c_29 : index
          %c_31 = arith.constant 1 : index
          %i_32 = arith.muli %x_28, %c_31 : index
          %i_33 = arith.addi %i_30, %i_32 : index
          %c_34 = arith.constant 32 : index
          %i_35 = arith.muli %i_33, %c_34 : index
          %c_36 = arith.constant 6 : index
          %i_37 = arith.muli %y_25, %c_36 : index
          %i_38 = arith.addi %i_37, %x_28 : index
          %c_39 = arith.constant 32 : index
          %i_40 = arith.muli %i_38, %c_39 : index
          %c_41 = arith.constant 32 : index
          %i_42 = arith.addi %i_40, %c_41 : index
          %acc_43 = vector.load %c[%i_40] {alignment = 32 : i64} : memref<576xi32>, vector<32xi32>
          %v_44 = vector.bitcast %acc_43 : vector<32xi32> to vector<16xi64>
          %acc_45 = vector.load %c[%i_42] {alignment = 32 : i64} : memref<576xi32>, vector<32xi32>
          %v_46 = vector.bitcast %acc_45 : vector<32xi32> to vector<16xi64>
          %v_47 = vector.load %a[%i_35] {alignment = 32 : i64} : memref<1280xi8>, vector<32xi8>
          %c_48 = arith.constant 32 : index
          %i_49 = arith.addi %i_35, %c_48 : index
          %v_50 = vector.load %a[%i_49] {alignment = 32 : i64} : memref<1280xi8>, vector<32xi8>
          %a_51 = vector.shuffle %v_47, %v_50 [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63] : vector<32xi8>, vector<32xi8>
          %y_52 = func.call @llvm.aie2.I512.I512.ACC1024.acc32.mac.conf(%a_51, %v_6, %v_44, %c_2) : (vector<64xi8>, vector<16xi32>, vector<16xi64>, i32) -> vector<16xi64>
          %c_53 = arith.constant 64 : index
          %i_54 = arith.addi %i_35, %c_53 : index
          %v_55 = vector.load %a[%i_54] {alignment = 32 : i64} : memref<1280xi8>, vector<32xi8>
          %a_56 = vector.shuffle %v_50, %v_55 [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63] : vector<32xi8>, vector<32xi8>
          %y_57 = func.call @llvm.aie2.I512.I512.ACC1024.acc32.mac.conf(%a_56, %v_6, %v_46, %c_2) : (vector<64xi8>, vector<16xi32>, vector<16xi64>, i32) -> vector<16xi64>
          %c_58 = arith.constant 256 : index
          %i_59 = arith.addi %i_35, %c_58 : index
          %v_60 = vector.load %a[%i_59] {alignment = 32 : i64} : memref<1280xi8>, vector<32xi8>
          %a_61 = vector.shuffle %v_55, %v_60 [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63] : vector<32xi8>, vector<32xi8>
          %y_62 = func.call @llvm.aie2.I512.I512.ACC1024.acc32.mac.conf(%a_61, %v_10, %y_52, %c_2) : (vector<64xi8>, vector<16xi32>, vector<16xi64>, i32) -> vector<16xi64>
          %c_63 = arith.constant 96 : index
          %i_64 = arith.addi %i_35, %c_63 : index
          %v_65 = vector.load %a[%i_64] {alignment = 32 : i64} : memref<1280xi8>, vector<32xi8>
          %c_66 = arith.constant 288 : index
          %i_67 = arith.addi %i_35, %c_66 : index
          %v_68 = vector.load %a[%i_67] {alignment = 32 : i64} : memref<1280xi8>, vector<32xi8>
          %a_69 = vector.shuffle %v_65, %v_68 [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63] : vector<32xi8>, vector<32xi8>
          %y_70 = func.call @llvm.aie2.I512.I512.ACC1024.acc32.mac.conf(%a_69, %v_10, %y_57, %c_2) : (vector<64xi8>, vector<16xi32>, vector<16xi64>, i32) -> vector<16xi64>
          %c_71 = arith.constant 320 : index
          %i_72 = arith.addi %i_35, %c_71 : index
          %v_73 = vector.load %a[%i_72] {alignment = 32 : i64} : memref<1280xi8>, vector<32xi8>
          %a_74 = vector.shuffle %v_68, %v_73 [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63] : vector<32xi8>, vector<32xi8>
          %y_75 = func.call @llvm.aie2.I512.I512.ACC1024.acc32.mac.conf(%a_74, %v_14, %y_62, %c_2) : (vector<64xi8>, vector<16xi32>, vector<16xi64>, i32) -> vector<16xi64>
          %c_76 = arith.constant 352 : index
          %i_77 = arith.addi %i_35, %c_76 : index
          %v_78 = vector.load %a[%i_77] {alignment = 32 : i64} : memref<1280xi8>, vector<32xi8>
          %a_79 = vector.shuffle %v_73, %v_78 [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63] : vector<32xi8>, vector<32xi8>
          %y_80 = func.call @llvm.aie2.I512.I512.ACC1024.acc32.mac.conf(%a_79, %v_14, %y_70, %c_2) : (vector<64xi8>, vector<16xi32>, vector<16xi64>, i32) -> vector<16xi64>
          %c_81 = arith.constant 512 : index
          %i_82 = arith.addi %i_35, %c_81 : index
          %v_83 = vector.load %a[%i_82] {alignment = 32 : i64} : memref<1280xi8>, vector<32xi8>
          %c_84 = arith.constant 544 : index
          %i_85 = arith.addi %i_35, %c_84 : index
          %v_86 = vector.load %a[%i_85] {alignment = 32 : i64} : memref<1280xi8>, vector<32xi8>
          %a_87 = vector.shuffle %v_83, %v_86 [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63] : vector<32xi8>, vector<32xi8>
          %y_88 = func.call @llvm.aie2.I512.I512.ACC1024.acc32.mac.conf(%a_87, %v_18, %y_75, %c_2) : (vector<64xi8>, vector<16xi32>, vector<16xi64>, i32) -> vector<16xi64>
          %c_89 = arith.constant 576 : index
          %i_90 = arith.addi %i_35, %c_89 : index
          %v_91 = vector.load %a[%i_90] {alignment = 32 : i64} : memref<1280xi8>, vector<32xi8>
          %a_92 = vector.shuffle %v_86, %v_91 [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63] : vector<32xi8>, vector<32xi8>
          %y_93 = func.call @llvm.aie2.I512.I512.ACC1024.acc32.mac.conf(%a_92, %v_18, %y_80, %c_2) : (vector<64xi8>, vector<16xi32>, vector<16xi64>, i32) -> vector<16xi64>
          %a_94 = vector.shuffle %v_91, %v_91 [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63] : vector<32xi8>, vector<32xi8>
          %y_95 = func.call @llvm.aie2.I512.I512.ACC1024.acc32.mac.conf(%a_94, %v_22, %y_88, %c_2) : (vector<64xi8>, vector<16xi32>, vector<16xi64>, i32) -> vector<16xi64>
          %c_96 = arith.constant 608 : index
          %i_97 = arith.addi %i_35, %c_96 : index
          %v_98 = vector.load %a[%i_97] {alignment = 32 : i64} : memref<1280xi8>, vector<32xi8>
          %a_99 = vector.shuffle %v_98, %v_98 [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63] : vector<32xi8>, vector<32xi8>
          %y_100 = func.call @llvm.aie2.I512.I512.ACC1024.acc32.mac.conf(%a_99, %v_22, %y_93, %c_2) : (vector<64xi8>, vector<16xi32>, vector<16xi64>, i32) -> vector<16xi64>
          %v_101 = vector.bitcast %y_95 : vector<16xi64> to vector<32xi32>
          vector.store %v_101, %c[%i_40] {alignment = 32 : i64} : memref<576xi32>, vector<32xi32>
          %v_102 = vector.bitcast %y_100 : vector<16xi64> to vector<32xi32>
          vector.store %v_102, %c[%i_42] {alignment = 32 : i64} : memref<576xi32>, vector<32xi32>
        }
      }
      return
    }
    func.func private @finish(%acc: memref<576xi32>, %out: memref<576xi32>) {
      %c_1 = arith.constant 0 : index
      %c_2 = arith.constant 1 : index
      %c_3 = arith.constant 1 : index
      %c_4 = arith.constant 32 : index
      %c_5 = arith.constant 32 : index
      %c_6 = arith.constant 1 : index
      scf.for %n_7 = %c_1 to %c_3 step %c_6 {
        %c_8 = arith.constant 18 : index
        scf.for %m_9 = %c_1 to %c_8 step %c_2 {
          %i_10 = arith.muli %m_9, %c_4 : index
          %i_11 = arith.muli %n_7, %c_5 : index
          %i_12 = arith.addi %i_10, %i_11 : index
          %acc_13 = vector.load %acc[%i_12] {alignment = 32 : i64} : memref<576xi32>, vector<32xi32>
          vector.store %acc_13, %out[%i_12] {alignment = 32 : i64} : memref<576xi32>, vector<32xi32>
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
          %s_9 = aie.objectfifo.acquire @b_l1_0(Consume, 1) : !aie.objectfifosubview<memref<320xi8>>
          %o_10 = aie.objectfifo.subview.access %s_9[0] : !aie.objectfifosubview<memref<320xi8>> -> memref<320xi8>
          scf.for %t_11 = %c_1 to %c_4 step %c_2 {
            func.call @clear(%acc_0_0) : (memref<576xi32>) -> ()
            scf.for %q_12 = %c_1 to %c_5 step %c_2 {
              %s_13 = aie.objectfifo.acquire @a_l1_0_0(Consume, 1) : !aie.objectfifosubview<memref<1280xi8>>
              %o_14 = aie.objectfifo.subview.access %s_13[0] : !aie.objectfifosubview<memref<1280xi8>> -> memref<1280xi8>
              func.call @multiply(%o_14, %o_10, %acc_0_0, %q_12) : (memref<1280xi8>, memref<320xi8>, memref<576xi32>, index) -> ()
              aie.objectfifo.release @a_l1_0_0(Consume, 1)
            }
            %s_15 = aie.objectfifo.acquire @c_l1_0_0(Produce, 1) : !aie.objectfifosubview<memref<576xi32>>
            %o_16 = aie.objectfifo.subview.access %s_15[0] : !aie.objectfifosubview<memref<576xi32>> -> memref<576xi32>
            func.call @finish(%acc_0_0, %o_16) : (memref<576xi32>, memref<576xi32>) -> ()
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
      %c_21 = arith.constant 1 : index
      %c_22 = arith.constant 9223372036854775807 : index
      scf.for %call_23 = %c_17 to %c_22 step %c_18 {
        scf.for %p_24 = %c_17 to %c_19 step %c_18 {
          %s_25 = aie.objectfifo.acquire @b_l1_1(Consume, 1) : !aie.objectfifosubview<memref<320xi8>>
          %o_26 = aie.objectfifo.subview.access %s_25[0] : !aie.objectfifosubview<memref<320xi8>> -> memref<320xi8>
          scf.for %t_27 = %c_17 to %c_20 step %c_18 {
            func.call @clear(%acc_0_1) : (memref<576xi32>) -> ()
            scf.for %q_28 = %c_17 to %c_21 step %c_18 {
              %s_29 = aie.objectfifo.acquire @a_l1_0_1(Consume, 1) : !aie.objectfifosubview<memref<1280xi8>>
              %o_30 = aie.objectfifo.subview.access %s_29[0] : !aie.objectfifosubview<memref<1280xi8>> -> memref<1280xi8>
              func.call @multiply(%o_30, %o_26, %acc_0_1, %q_28) : (memref<1280xi8>, memref<320xi8>, memref<576xi32>, index) -> ()
              aie.objectfifo.release @a_l1_0_1(Consume, 1)
            }
            %s_31 = aie.objectfifo.acquire @c_l1_0_1(Produce, 1) : !aie.objectfifosubview<memref<576xi32>>
            %o_32 = aie.objectfifo.subview.access %s_31[0] : !aie.objectfifosubview<memref<576xi32>> -> memref<576xi32>
            func.call @finish(%acc_0_1, %o_32) : (memref<576xi32>, memref<576xi32>) -> ()
            aie.objectfifo.release @c_l1_0_1(Produce, 1)
          }
          aie.objectfifo.release @b_l1_1(Consume, 1)
        }
      }
      aie.end
    } {dynamic_objfifo_lowering = true, stack_size = 2048 : i32}
    aie.runtime_sequence @sequence(%lhs: memref<4096xi8>, %weights: memref<640xi8>, %result: memref<2304xi32>) {
      aiex.npu.dma_memcpy_nd(%lhs[0, 0, 0, 0][2, 2, 40, 32][1536, 32, 64, 1]) {id = 0 : i64, issue_token = true, metadata = @a_l3_0} : memref<4096xi8>
      aiex.npu.dma_memcpy_nd(%weights[0, 0, 0, 0][1, 1, 1, 640][0, 0, 0, 1]) {id = 4 : i64, issue_token = true, metadata = @b_l3_0} : memref<640xi8>
      aiex.npu.dma_memcpy_nd(%result[0, 0, 0, 0][2, 2, 18, 32][1152, 32, 64, 1]) {id = 8 : i64, issue_token = true, metadata = @c_l3_0} : memref<2304xi32>
      aiex.npu.dma_wait {symbol = @a_l3_0}
      aiex.npu.dma_wait {symbol = @b_l3_0}
      aiex.npu.dma_wait {symbol = @c_l3_0}
    }
  }
}
