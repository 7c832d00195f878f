module {
  aie.device(npu1_1col) {
    %shim_0 = aie.tile(0, 0)
    %mem_0 = aie.tile(0, 1)
    %core_0_0 = aie.tile(0, 2)
    %core_0_1 = aie.tile(0, 3)
    aie.objectfifo @b_l3_0(%shim_0, {%mem_0}, 2 : i32) : !aie.objectfifo<memref<768xi8>>
    aie.objectfifo @b_l1_0(%mem_0, {%core_0_0}, [2, 2]) : !aie.objectfifo<memref<384xi8>>
    aie.objectfifo @b_l1_1(%mem_0, {%core_0_1}, [2, 2]) : !aie.objectfifo<memref<384xi8>>
    aie.objectfifo.link [@b_l3_0] -> [@b_l1_0, @b_l1_1] ([] [0, 384])
    aie.objectfifo @c_l1_0_0(%core_0_0, {%mem_0}, 2 : i32) : !aie.objectfifo<memref<576xi32>>
    aie.objectfifo @c_l1_0_1(%core_0_1, {%mem_0}, 2 : i32) : !aie.objectfifo<memref<576xi32>>
    aie.objectfifo @c_l3_0(%mem_0, {%shim_0}, 2 : i32) : !aie.objectfifo<memref<1152xi32>>
    aie.objectfifo.link [@c_l1_0_0, @c_l1_0_1] -> [@c_l3_0] ([0, 576] [])
    aie.objectfifo @a_l3_0(%shim_0, {%mem_0}, 2 : i32) : !aie.objectfifo<memref<2560xi8>>
    aie.objectfifo @a_l1_0_0(%mem_0, {%core_0_0}, 2 : i32) : !aie.objectfifo<memref<1280xi8>>
    aie.objectfifo @a_l1_0_1(%mem_0, {%core_0_1}, 2 : i32) : !aie.objectfifo<memref<1280xi8>>
    aie.objectfifo.link [@a_l3_0] -> [@a_l1_0_0, @a_l1_0_1] ([] [0, 1280])
    %acc_0_0 = aie.buffer(%core_0_0) {sym_name = "acc_0_0"} : memref<576xi32>
    %parameters_0_0 = aie.buffer(%core_0_0) {sym_name = "parameters_0_0"} : memref<16xi32>
    %acc_0_1 = aie.buffer(%core_0_1) {sym_name = "acc_0_1"} : memref<576xi32>
    %parameters_0_1 = aie.buffer(%core_0_1) {sym_name = "parameters_0_1"} : memref<16xi32>
    func.func private @llvm.aie2.I512.I512.ACC1024.acc32.mac.conf(vector<64xi8>, vector<16xi32>, vector<16xi64>, i32) -> vector<16xi64>
    func.func private @take(%b: memref<384xi8>, %parameters: memref<16xi32>) {
      %c_1 = arith.constant 320 : index
      %c_2 = arith.constant 0 : index
      %v_3 = vector.load %b[%c_1] {alignment = 32 : i64} : memref<384xi8>, vector<64xi8>
      %v_4 = vector.bitcast %v_3 : vector<64xi8> to vector<16xi32>
      vector.store %v_4, %parameters[%c_2] {alignment = 32 : i64} : memref<16xi32>, vector<16xi32>
      return
    }
    func.func private @start(%a: memref<1280xi8>, %b: memref<384xi8>, %c: memref<576xi32>, %q: index) {
      %c_1 = arith.constant 0 : index
      %c_2 = arith.constant 808 : i32
      %c_3 = arith.constant 809 : i32
      %c_4 = arith.constant 320 : index
      %i_5 = arith.muli %q, %c_4 : index
      %f_6 = vector.load %b[%i_5] {alignment = 32 : i64} : memref<384xi8>, vector<64xi8>
      %v_7 = vector.bitcast %f_6 : vector<64xi8> to vector<16xi32>
      %c_8 = arith.constant 64 : index
      %i_9 = arith.addi %i_5, %c_8 : index
      %f_10 = vector.load %b[%i_9] {alignment = 32 : i64} : memref<384xi8>, vector<64xi8>
      %v_11 = vector.bitcast %f_10 : vector<64xi8> to vector<16xi32>
      %c_12 = arith.constant 128 : index
      %i_13 = arith.addi %i_5, %c_12 : index
      %f_14 = vector.load %b[%i_13] {alignment = 32 : i64} : memref<384xi8>, vector<64xi8>
      %v_15 = vector.bitcast %f_14 : vector<64xi8> to vector<16xi32>
      %c_16 = arith.constant 192 : index
      %i_17 = arith.addi %i_5, %c_16 : index
      %f_18 = vector.load %b[%i_17] {alignment = 32 : i64} : memref<384xi8>, vector<64xi8>
      %v_19 = vector.bitcast %f_18 : vector<64xi8> to vector<16xi32>
      %c_20 = arith.constant 256 : index
      %i_21 = arith.addi %i_5, %c_20 : index
      %f_22 = vector.load %b[%i_21] {alignment = 32 : i64} : memref<384xi8>, vector<64xi8>
      %v_23 = vector.bitcast %f_22 : vector<64xi8> to vector<16xi32>
      %c_24 = arith.constant 3 : index
      %c_25 = arith.constant 1 : index
      scf.for %y_26 = %c_1 to %c_24 step %c_25 {
        %c_27 = arith.constant 6 : index
        %c_28 = arith.constant 2 : index
        scf.for %x_29 = %c_1 to %c_27 step %c_28 {
          %c_30 = arith.constant 8 : index
          %i_31 = arith.muli %y_26, %c_30 : index
          %c_32 = arith.constant 1 : index
          %i_33 = arith.muli %x_29, %c_32 : index
          %i_34 = arith.addi %i_31, %i_33 : index
          %c_35 = arith.constant 32 : index
          %i_36 = arith.muli %i_34, %c_35 : index
          %c_37 = arith.constant 6 : index
          %i_38 = arith.muli %y_26, %c_37 : index
          %i_39 = arith.addi %i_38, %x_29 : index
          %c_40 = arith.constant 32 : index
          %i_41 = arith.muli %i_39, %c_40 : index
          %c_42 = arith.constant 32 : index
          %i_43 = arith.addi %i_41, %c_42 : index
          %acc_44 = arith.constant dense<0> : vector<16xi64>
          %acc_45 = arith.constant dense<0> : vector<16xi64>
          %v_46 = vector.load %a[%i_36] {alignment = 32 : i64} : memref<1280xi8>, vector<32xi8>
          %c_47 = arith.constant 32 : index
          %i_48 = arith.addi %i_36, %c_47 : index
          %v_49 = vector.load %a[%i_48] {alignment = 32 : i64} : memref<1280xi8>, vector<32xi8>
          %a_50 = vector.shuffle %v_46, %v_49 [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63] : vector<32xi8>, vector<32xi8>
          %y_51 = func.call @llvm.aie2.I512.I512.ACC1024.acc32.mac.conf(%a_50, %v_7, %acc_44, %c_3) : (vector<64xi8>, vector<16xi32>, vector<16xi64>, i32) -> vector<16xi64>
          %c_52 = arith.constant 64 : index
          %i_53 = arith.addi %i_36, %c_52 : index
          %v_54 = vector.load %a[%i_53] {alignment = 32 : i64} : memref<1280xi8>, vector<32xi8>
          %a_55 = vector.shuffle %v_49, %v_54 [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63] : vector<32xi8>, vector<32xi8>
          %y_56 = func.call @llvm.aie2.I512.I512.ACC1024.acc32.mac.conf(%a_55, %v_7, %acc_45, %c_3) : (vector<64xi8>, vector<16xi32>, vector<16xi64>, i32) -> vector<16xi64>
          %c_57 = arith.constant 256 : index
          %i_58 = arith.addi %i_36, %c_57 : index
          %v_59 = vector.load %a[%i_58] {alignment = 32 : i64} : memref<1280xi8>, vector<32xi8>
          %a_60 = vector.shuffle %v_54, %v_59 [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63] : vector<32xi8>, vector<32xi8>
          %y_61 = func.call @llvm.aie2.I512.I512.ACC1024.acc32.mac.conf(%a_60, %v_11, %y_51, %c_2) : (vector<64xi8>, vector<16xi32>, vector<16xi64>, i32) -> vector<16xi64>
          %c_62 = arith.constant 96 : index
          %i_63 = arith.addi %i_36, %c_62 : index
          %v_64 = vector.load %a[%i_63] {alignment = 32 : i64} : memref<1280xi8>, vector<32xi8>
          %c_65 = arith.constant 288 : index
          %i_66 = arith.addi %i_36, %c_65 : index
          %v_67 = vector.load %a[%i_66] {alignment = 32 : i64} : memref<1280xi8>, vector<32xi8>
          %a_68 = vector.shuffle %v_64, %v_67 [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63] : vector<32xi8>, vector<32xi8>
          %y_69 = func.call @llvm.aie2.I512.I512.ACC1024.acc32.mac.conf(%a_68, %v_11, %y_56, %c_2) : (vector<64xi8>, vector<16xi32>, vector<16xi64>, i32) -> vector<16xi64>
          %c_70 = arith.constant 320 : index
          %i_71 = arith.addi %i_36, %c_70 : index
          %v_72 = vector.load %a[%i_71] {alignment = 32 : i64} : memref<1280xi8>, vector<32xi8>
          %a_73 = vector.shuffle %v_67, %v_72 [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63] : vector<32xi8>, vector<32xi8>
          %y_74 = func.call @llvm.aie2.I512.I512.ACC1024.acc32.mac.conf(%a_73, %v_15, %y_61, %c_2) : (vector<64xi8>, vector<16xi32>, vector<16xi64>, i32) -> vector<16xi64>
          %c_75 = arith.constant 352 : index
          %i_76 = arith.addi %i_36, %c_75 : index
          %v_77 = vector.load %a[%i_76] {alignment = 32 : i64} : memref<1280xi8>, vector<32xi8>
          %a_78 = vector.shuffle %v_72, %v_77 [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63] : vector<32xi8>, vector<32xi8>
          %y_79 = func.call @llvm.aie2.I512.I512.ACC1024.acc32.mac.conf(%a_78, %v_15, %y_69, %c_2) : (vector<64xi8>, vector<16xi32>, vector<16xi64>, i32) -> vector<16xi64>
          %c_80 = arith.constant 512 : index
          %i_81 = arith.addi %i_36, %c_80 : index
          %v_82 = vector.load %a[%i_81] {alignment = 32 : i64} : memref<1280xi8>, vector<32xi8>
          %c_83 = arith.constant 544 : index
          %i_84 = arith.addi %i_36, %c_83 : index
          %v_85 = vector.load %a[%i_84] {alignment = 32 : i64} : memref<1280xi8>, vector<32xi8>
          %a_86 = vector.shuffle %v_82, %v_85 [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63] : vector<32xi8>, vector<32xi8>
          %y_87 = func.call @llvm.aie2.I512.I512.ACC1024.acc32.mac.conf(%a_86, %v_19, %y_74, %c_2) : (vector<64xi8>, vector<16xi32>, vector<16xi64>, i32) -> vector<16xi64>
          %c_88 = arith.constant 576 : index
          %i_89 = arith.addi %i_36, %c_88 : index
          %v_90 = vector.load %a[%i_89] {alignment = 32 : i64} : memref<1280xi8>, vector<32xi8>
          %a_91 = vector.shuffle %v_85, %v_90 [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63] : vector<32xi8>, vector<32xi8>
          %y_92 = func.call @llvm.aie2.I512.I512.ACC1024.acc32.mac.conf(%a_91, %v_19, %y_79, %c_2) : (vector<64xi8>, vector<16xi32>, vector<16xi64>, i32) -> vector<16xi64>
          %z_93 = arith.constant dense<0> : vector<32xi8>
          %a_94 = vector.shuffle %v_90, %z_93 [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63] : vector<32xi8>, vector<32xi8>
          %y_95 = func.call @llvm.aie2.I512.I512.ACC1024.acc32.mac.conf(%a_94, %v_23, %y_87, %c_2) : (vector<64xi8>, vector<16xi32>, vector<16xi64>, i32) -> vector<16xi64>
          %c_96 = arith.constant 608 : index
          %i_97 = arith.addi %i_36, %c_96 : index
          %v_98 = vector.load %a[%i_97] {alignment = 32 : i64} : memref<1280xi8>, vector<32xi8>
          %a_99 = vector.shuffle %v_98, %z_93 [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63] : vector<32xi8>, vector<32xi8>
          %y_100 = func.call @llvm.aie2.I512.I512.ACC1024.acc32.mac.conf(%a_99, %v_23, %y_92, %c_2) : (vector<64xi8>, vector<16xi32>, vector<16xi64>, i32) -> vector<16xi64>
          %v_101 = vector.bitcast %y_95 : vector<16xi64> to vector<32xi32>
          vector.store %v_101, %c[%i_41] {alignment = 32 : i64} : memref<576xi32>, vector<32xi32>
          %v_102 = vector.bitcast %y_100 : vector<16xi64> to vector<32xi32>
          vector.store %v_102, %c[%i_43] {alignment = 32 : i64} : memref<576xi32>, vector<32xi32>
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
      %c_3 = arith.constant 9223372036854775807 : index
      scf.for %call_4 = %c_1 to %c_3 step %c_2 {
        %s_5 = aie.objectfifo.acquire @b_l1_0(Consume, 1) : !aie.objectfifosubview<memref<384xi8>>
        %o_6 = aie.objectfifo.subview.access %s_5[0] : !aie.objectfifosubview<memref<384xi8>> -> memref<384xi8>
        func.call @take(%o_6, %parameters_0_0) : (memref<384xi8>, memref<16xi32>) -> ()
        %c_7 = arith.constant 0 : index
        %n_8 = memref.load %parameters_0_0[%c_7] : memref<16xi32>
        %n_9 = arith.index_cast %n_8 : i32 to index
        %c_10 = arith.constant 1 : index
        %n_11 = memref.load %parameters_0_0[%c_10] : memref<16xi32>
        %n_12 = arith.index_cast %n_11 : i32 to index
        %c_13 = arith.constant 1 : index
        scf.for %t_14 = %c_1 to %n_12 step %c_2 {
          %s_15 = aie.objectfifo.acquire @a_l1_0_0(Consume, 1) : !aie.objectfifosubview<memref<1280xi8>>
          %o_16 = aie.objectfifo.subview.access %s_15[0] : !aie.objectfifosubview<memref<1280xi8>> -> memref<1280xi8>
          func.call @start(%o_16, %o_6, %acc_0_0, %c_1) : (memref<1280xi8>, memref<384xi8>, memref<576xi32>, index) -> ()
          aie.objectfifo.release @a_l1_0_0(Consume, 1)
          %s_17 = aie.objectfifo.acquire @c_l1_0_0(Produce, 1) : !aie.objectfifosubview<memref<576xi32>>
          %o_18 = aie.objectfifo.subview.access %s_17[0] : !aie.objectfifosubview<memref<576xi32>> -> memref<576xi32>
          func.call @finish(%acc_0_0, %o_18) : (memref<576xi32>, memref<576xi32>) -> ()
          aie.objectfifo.release @c_l1_0_0(Produce, 1)
        }
        aie.objectfifo.release @b_l1_0(Consume, 1)
        scf.for %p_19 = %c_2 to %n_9 step %c_2 {
          %s_20 = aie.objectfifo.acquire @b_l1_0(Consume, 1) : !aie.objectfifosubview<memref<384xi8>>
          %o_21 = aie.objectfifo.subview.access %s_20[0] : !aie.objectfifosubview<memref<384xi8>> -> memref<384xi8>
          scf.for %t_22 = %c_1 to %n_12 step %c_2 {
            %s_23 = aie.objectfifo.acquire @a_l1_0_0(Consume, 1) : !aie.objectfifosubview<memref<1280xi8>>
            %o_24 = aie.objectfifo.subview.access %s_23[0] : !aie.objectfifosubview<memref<1280xi8>> -> memref<1280xi8>
            func.call @start(%o_24, %o_21, %acc_0_0, %c_1) : (memref<1280xi8>, memref<384xi8>, memref<576xi32>, index) -> ()
            aie.objectfifo.release @a_l1_0_0(Consume, 1)
            %s_25 = aie.objectfifo.acquire @c_l1_0_0(Produce, 1) : !aie.objectfifosubview<memref<576xi32>>
            %o_26 = aie.objectfifo.subview.access %s_25[0] : !aie.objectfifosubview<memref<576xi32>> -> memref<576xi32>
            func.call @finish(%acc_0_0, %o_26) : (memref<576xi32>, memref<576xi32>) -> ()
            aie.objectfifo.release @c_l1_0_0(Produce, 1)
          }
          aie.objectfifo.release @b_l1_0(Consume, 1)
        }
      }
      aie.end
    } {dynamic_objfifo_lowering = true, stack_size = 2048 : i32}
    %program_0_1 = aie.core(%core_0_1) {
      %c_27 = arith.constant 0 : index
      %c_28 = arith.constant 1 : index
      %c_29 = arith.constant 9223372036854775807 : index
      scf.for %call_30 = %c_27 to %c_29 step %c_28 {
        %s_31 = aie.objectfifo.acquire @b_l1_1(Consume, 1) : !aie.objectfifosubview<memref<384xi8>>
        %o_32 = aie.objectfifo.subview.access %s_31[0] : !aie.objectfifosubview<memref<384xi8>> -> memref<384xi8>
        func.call @take(%o_32, %parameters_0_1) : (memref<384xi8>, memref<16xi32>) -> ()
        %c_33 = arith.constant 0 : index
        %n_34 = memref.load %parameters_0_1[%c_33] : memref<16xi32>
        %n_35 = arith.index_cast %n_34 : i32 to index
        %c_36 = arith.constant 1 : index
        %n_37 = memref.load %parameters_0_1[%c_36] : memref<16xi32>
        %n_38 = arith.index_cast %n_37 : i32 to index
        %c_39 = arith.constant 1 : index
        scf.for %t_40 = %c_27 to %n_38 step %c_28 {
          %s_41 = aie.objectfifo.acquire @a_l1_0_1(Consume, 1) : !aie.objectfifosubview<memref<1280xi8>>
          %o_42 = aie.objectfifo.subview.access %s_41[0] : !aie.objectfifosubview<memref<1280xi8>> -> memref<1280xi8>
          func.call @start(%o_42, %o_32, %acc_0_1, %c_27) : (memref<1280xi8>, memref<384xi8>, memref<576xi32>, index) -> ()
          aie.objectfifo.release @a_l1_0_1(Consume, 1)
          %s_43 = aie.objectfifo.acquire @c_l1_0_1(Produce, 1) : !aie.objectfifosubview<memref<576xi32>>
          %o_44 = aie.objectfifo.subview.access %s_43[0] : !aie.objectfifosubview<memref<576xi32>> -> memref<576xi32>
          func.call @finish(%acc_0_1, %o_44) : (memref<576xi32>, memref<576xi32>) -> ()
          aie.objectfifo.release @c_l1_0_1(Produce, 1)
        }
        aie.objectfifo.release @b_l1_1(Consume, 1)
        scf.for %p_45 = %c_28 to %n_35 step %c_28 {
          %s_46 = aie.objectfifo.acquire @b_l1_1(Consume, 1) : !aie.objectfifosubview<memref<384xi8>>
          %o_47 = aie.objectfifo.subview.access %s_46[0] : !aie.objectfifosubview<memref<384xi8>> -> memref<384xi8>
          scf.for %t_48 = %c_27 to %n_38 step %c_28 {
            %s_49 = aie.objectfifo.acquire @a_l1_0_1(Consume, 1) : !aie.objectfifosubview<memref<1280xi8>>
            %o_50 = aie.objectfifo.subview.access %s_49[0] : !aie.objectfifosubview<memref<1280xi8>> -> memref<1280xi8>
            func.call @start(%o_50, %o_47, %acc_0_1, %c_27) : (memref<1280xi8>, memref<384xi8>, memref<576xi32>, index) -> ()
            aie.objectfifo.release @a_l1_0_1(Consume, 1)
            %s_51 = aie.objectfifo.acquire @c_l1_0_1(Produce, 1) : !aie.objectfifosubview<memref<576xi32>>
            %o_52 = aie.objectfifo.subview.access %s_51[0] : !aie.objectfifosubview<memref<576xi32>> -> memref<576xi32>
            func.call @finish(%acc_0_1, %o_52) : (memref<576xi32>, memref<576xi32>) -> ()
            aie.objectfifo.release @c_l1_0_1(Produce, 1)
          }
          aie.objectfifo.release @b_l1_1(Consume, 1)
        }
      }
      aie.end
    } {dynamic_objfifo_lowering = true, stack_size = 2048 : i32}
    aie.runtime_sequence @sequence(%lhs: memref<4096xi8>, %weights: memref<768xi8>, %result: memref<2304xi32>) {
      aiex.npu.dma_memcpy_nd(%lhs[0, 0, 0, 0][2, 2, 40, 32][1536, 32, 64, 1]) {id = 0 : i64, issue_token = true, metadata = @a_l3_0} : memref<4096xi8>
      aiex.npu.dma_memcpy_nd(%weights[0, 0, 0, 0][1, 1, 1, 768][0, 0, 0, 1]) {id = 4 : i64, issue_token = true, metadata = @b_l3_0} : memref<768xi8>
      aiex.npu.dma_memcpy_nd(%result[0, 0, 0, 0][2, 2, 18, 32][1152, 32, 64, 1]) {id = 8 : i64, issue_token = true, metadata = @c_l3_0} : memref<2304xi32>
      aiex.npu.dma_wait {symbol = @a_l3_0}
      aiex.npu.dma_wait {symbol = @b_l3_0}
      aiex.npu.dma_wait {symbol = @c_l3_0}
    }
  }
}
