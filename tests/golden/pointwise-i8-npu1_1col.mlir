module {
  aie.device(npu1_1col) {
    %shim_0 = aie.tile(0, 0)
    %mem_0 = aie.tile(0, 1)
    %core_0_0 = aie.tile(0, 2)
    %core_0_1 = aie.tile(0, 3)
    aie.objectfifo @b_l3_0(%shim_0, {%mem_0}, 2 : i32) : !aie.objectfifo<memref<640xi8>>
    aie.objectfifo @b_l1_0(%mem_0, {%core_0_0}, [2, 2]) : !aie.objectfifo<memref<320xi8>>
    aie.objectfifo @b_l1_1(%mem_0, {%core_0_1}, [2, 2]) : !aie.objectfifo<memref<320xi8>>
    aie.objectfifo.link [@b_l3_0] -> [@b_l1_0, @b_l1_1] ([] [0, 320])
    aie.objectfifo @c_l1_0_0(%core_0_0, {%mem_0}, 2 : i32) : !aie.objectfifo<memref<128xi32>>
    aie.objectfifo @c_l1_0_1(%core_0_1, {%mem_0}, 2 : i32) : !aie.objectfifo<memref<128xi32>>
    aie.objectfifo @c_l3_0(%mem_0 dimensionsToStream [<size = 4, stride = 32>, <size = 4, stride = 8>, <size = 1, stride = 32>, <size = 8, stride = 1>], {%shim_0}, 2 : i32) : !aie.objectfifo<memref<256xi32>>
    aie.objectfifo.link [@c_l1_0_0, @c_l1_0_1] -> [@c_l3_0] ([0, 128] [])
    aie.objectfifo @a_l3_0(%shim_0, {%mem_0}, 2 : i32) : !aie.objectfifo<memref<512xi8>>
    aie.objectfifo @a_l1_0(%mem_0 dimensionsToStream [<size = 4, stride = 8>, <size = 16, stride = 32>, <size = 8, stride = 1>], {%core_0_0, %core_0_1}, 2 : i32) : !aie.objectfifo<memref<512xi8>>
    aie.objectfifo.link [@a_l3_0] -> [@a_l1_0] ([] [])
    %acc_0_0 = aie.buffer(%core_0_0) {sym_name = "acc_0_0"} : memref<128xi32>
    %parameters_0_0 = aie.buffer(%core_0_0) {sym_name = "parameters_0_0"} : memref<16xi32>
    %acc_0_1 = aie.buffer(%core_0_1) {sym_name = "acc_0_1"} : memref<128xi32>
    %parameters_0_1 = aie.buffer(%core_0_1) {sym_name = "parameters_0_1"} : memref<16xi32>
    func.func private @llvm.aie2.I512.I512.ACC1024.acc32.mac.conf(vector<64xi8>, vector<16xi32>, vector<16xi64>, i32) -> vector<16xi64>
    func.func private @take(%b: memref<320xi8>, %parameters: memref<16xi32>) {
      %c_1 = arith.constant 256 : index
      %c_2 = arith.constant 0 : index
      %v_3 = vector.load %b[%c_1] {alignment = 32 : i64} : memref<320xi8>, vector<64xi8>
      %v_4 = vector.bitcast %v_3 : vector<64xi8> to vector<16xi32>
      vector.store %v_4, %parameters[%c_2] {alignment = 32 : i64} : memref<16xi32>, vector<16xi32>
      return
    }
    func.func private @start(%a: memref<512xi8>, %b: memref<320xi8>, %c: memref<128xi32>, %q: index) {
      %c_1 = arith.constant 776 : i32
      %c_2 = arith.constant 777 : i32
      %c_3 = arith.constant 256 : index
      %i_4 = arith.muli %q, %c_3 : index
      %c_5 = arith.constant 0 : index
      %c_6 = arith.constant 0 : index
      %c_7 = arith.constant 0 : index
      %i_8 = arith.addi %c_6, %i_4 : index
      %c_9 = arith.constant 0 : index
      %c_10 = arith.constant 0 : index
      %c_11 = arith.constant 1 : index
      %c_12 = arith.constant 0 : index
      %c_13 = arith.constant 2 : index
      scf.for %g_14 = %c_12 to %c_13 step %c_11 {
        %c_15 = arith.constant 64 : index
        %i_16 = arith.muli %g_14, %c_15 : index
        %c_17 = arith.constant 0 : index
        %c_18 = arith.constant 64 : index
        %i_19 = arith.muli %g_14, %c_18 : index
        %i_20 = arith.addi %i_16, %c_5 : index
        %i_21 = arith.addi %c_17, %i_8 : index
        %c_22 = arith.constant 32 : index
        %i_23 = arith.addi %i_19, %c_22 : index
        %acc_24 = arith.constant dense<0> : vector<16xi64>
        %b_25 = vector.load %b[%i_21] {alignment = 32 : i64} : memref<320xi8>, vector<64xi8>
        %v_26 = vector.bitcast %b_25 : vector<64xi8> to vector<16xi32>
        %a_27 = vector.load %a[%i_20] {alignment = 32 : i64} : memref<512xi8>, vector<32xi8>
        %v_28 = vector.shuffle %a_27, %a_27 [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1] : vector<32xi8>, vector<32xi8>
        %c_29 = arith.constant 32 : index
        %i_30 = arith.addi %i_20, %c_29 : index
        %a_31 = vector.load %a[%i_30] {alignment = 32 : i64} : memref<512xi8>, vector<32xi8>
        %v_32 = vector.shuffle %a_31, %a_31 [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1] : vector<32xi8>, vector<32xi8>
        %y_33 = func.call @llvm.aie2.I512.I512.ACC1024.acc32.mac.conf(%v_28, %v_26, %acc_24, %c_2) : (vector<64xi8>, vector<16xi32>, vector<16xi64>, i32) -> vector<16xi64>
        %y_34 = func.call @llvm.aie2.I512.I512.ACC1024.acc32.mac.conf(%v_32, %v_26, %acc_24, %c_2) : (vector<64xi8>, vector<16xi32>, vector<16xi64>, i32) -> vector<16xi64>
        %c_35 = arith.constant 64 : index
        %i_36 = arith.addi %i_21, %c_35 : index
        %b_37 = vector.load %b[%i_36] {alignment = 32 : i64} : memref<320xi8>, vector<64xi8>
        %v_38 = vector.bitcast %b_37 : vector<64xi8> to vector<16xi32>
        %c_39 = arith.constant 128 : index
        %i_40 = arith.addi %i_20, %c_39 : index
        %a_41 = vector.load %a[%i_40] {alignment = 32 : i64} : memref<512xi8>, vector<32xi8>
        %v_42 = vector.shuffle %a_41, %a_41 [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1] : vector<32xi8>, vector<32xi8>
        %c_43 = arith.constant 160 : index
        %i_44 = arith.addi %i_20, %c_43 : index
        %a_45 = vector.load %a[%i_44] {alignment = 32 : i64} : memref<512xi8>, vector<32xi8>
        %v_46 = vector.shuffle %a_45, %a_45 [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1] : vector<32xi8>, vector<32xi8>
        %y_47 = func.call @llvm.aie2.I512.I512.ACC1024.acc32.mac.conf(%v_42, %v_38, %y_33, %c_1) : (vector<64xi8>, vector<16xi32>, vector<16xi64>, i32) -> vector<16xi64>
        %y_48 = func.call @llvm.aie2.I512.I512.ACC1024.acc32.mac.conf(%v_46, %v_38, %y_34, %c_1) : (vector<64xi8>, vector<16xi32>, vector<16xi64>, i32) -> vector<16xi64>
        %c_49 = arith.constant 128 : index
        %i_50 = arith.addi %i_21, %c_49 : index
        %b_51 = vector.load %b[%i_50] {alignment = 32 : i64} : memref<320xi8>, vector<64xi8>
        %v_52 = vector.bitcast %b_51 : vector<64xi8> to vector<16xi32>
        %c_53 = arith.constant 256 : index
        %i_54 = arith.addi %i_20, %c_53 : index
        %a_55 = vector.load %a[%i_54] {alignment = 32 : i64} : memref<512xi8>, vector<32xi8>
        %v_56 = vector.shuffle %a_55, %a_55 [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1] : vector<32xi8>, vector<32xi8>
        %c_57 = arith.constant 288 : index
        %i_58 = arith.addi %i_20, %c_57 : index
        %a_59 = vector.load %a[%i_58] {alignment = 32 : i64} : memref<512xi8>, vector<32xi8>
        %v_60 = vector.shuffle %a_59, %a_59 [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1] : vector<32xi8>, vector<32xi8>
        %y_61 = func.call @llvm.aie2.I512.I512.ACC1024.acc32.mac.conf(%v_56, %v_52, %y_47, %c_1) : (vector<64xi8>, vector<16xi32>, vector<16xi64>, i32) -> vector<16xi64>
        %y_62 = func.call @llvm.aie2.I512.I512.ACC1024.acc32.mac.conf(%v_60, %v_52, %y_48, %c_1) : (vector<64xi8>, vector<16xi32>, vector<16xi64>, i32) -> vector<16xi64>
        %c_63 = arith.constant 192 : index
        %i_64 = arith.addi %i_21, %c_63 : index
        %b_65 = vector.load %b[%i_64] {alignment = 32 : i64} : memref<320xi8>, vector<64xi8>
        %v_66 = vector.bitcast %b_65 : vector<64xi8> to vector<16xi32>
        %c_67 = arith.constant 384 : index
        %i_68 = arith.addi %i_20, %c_67 : index
        %a_69 = vector.load %a[%i_68] {alignment = 32 : i64} : memref<512xi8>, vector<32xi8>
        %v_70 = vector.shuffle %a_69, %a_69 [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1] : vector<32xi8>, vector<32xi8>
        %c_71 = arith.constant 416 : index
        %i_72 = arith.addi %i_20, %c_71 : index
        %a_73 = vector.load %a[%i_72] {alignment = 32 : i64} : memref<512xi8>, vector<32xi8>
        %v_74 = vector.shuffle %a_73, %a_73 [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1] : vector<32xi8>, vector<32xi8>
        %y_75 = func.call @llvm.aie2.I512.I512.ACC1024.acc32.mac.conf(%v_70, %v_66, %y_61, %c_1) : (vector<64xi8>, vector<16xi32>, vector<16xi64>, i32) -> vector<16xi64>
        %y_76 = func.call @llvm.aie2.I512.I512.ACC1024.acc32.mac.conf(%v_74, %v_66, %y_62, %c_1) : (vector<64xi8>, vector<16xi32>, vector<16xi64>, i32) -> vector<16xi64>
        %v_77 = vector.bitcast %y_75 : vector<16xi64> to vector<32xi32>
        vector.store %v_77, %c[%i_19] {alignment = 32 : i64} : memref<128xi32>, vector<32xi32>
        %v_78 = vector.bitcast %y_76 : vector<16xi64> to vector<32xi32>
        vector.store %v_78, %c[%i_23] {alignment = 32 : i64} : memref<128xi32>, vector<32xi32>
      }
      return
    }
    func.func private @finish(%acc: memref<128xi32>, %out: memref<128xi32>) {
      %c_1 = arith.constant 0 : index
      %c_2 = arith.constant 1 : index
      %c_3 = arith.constant 1 : index
      %c_4 = arith.constant 32 : index
      %c_5 = arith.constant 32 : index
      %c_6 = arith.constant 1 : index
      scf.for %n_7 = %c_1 to %c_3 step %c_6 {
        %c_8 = arith.constant 4 : index
        scf.for %m_9 = %c_1 to %c_8 step %c_2 {
          %i_10 = arith.muli %m_9, %c_4 : index
          %i_11 = arith.muli %n_7, %c_5 : index
          %i_12 = arith.addi %i_10, %i_11 : index
          %acc_13 = vector.load %acc[%i_12] {alignment = 32 : i64} : memref<128xi32>, vector<32xi32>
          vector.store %acc_13, %out[%i_12] {alignment = 32 : i64} : memref<128xi32>, vector<32xi32>
        }
      }
      return
    }
    %program_0_0 = aie.core(%core_0_0) {
      %c_1 = arith.constant 0 : index
      %c_2 = arith.constant 1 : index
      %c_3 = arith.constant 9223372036854775807 : index
      scf.for %call_4 = %c_1 to %c_3 step %c_2 {
        %s_5 = aie.objectfifo.acquire @b_l1_0(Consume, 1) : !aie.objectfifosubview<memref<320xi8>>
        %o_6 = aie.objectfifo.subview.access %s_5[0] : !aie.objectfifosubview<memref<320xi8>> -> memref<320xi8>
        func.call @take(%o_6, %parameters_0_0) : (memref<320xi8>, memref<16xi32>) -> ()
        %c_7 = arith.constant 0 : index
        %n_8 = memref.load %parameters_0_0[%c_7] : memref<16xi32>
        %n_9 = arith.index_cast %n_8 : i32 to index
        %c_10 = arith.constant 1 : index
        %n_11 = memref.load %parameters_0_0[%c_10] : memref<16xi32>
        %n_12 = arith.index_cast %n_11 : i32 to index
        %c_13 = arith.constant 1 : index
        scf.for %t_14 = %c_1 to %n_12 step %c_2 {
          %s_15 = aie.objectfifo.acquire @a_l1_0(Consume, 1) : !aie.objectfifosubview<memref<512xi8>>
          %o_16 = aie.objectfifo.subview.access %s_15[0] : !aie.objectfifosubview<memref<512xi8>> -> memref<512xi8>
          func.call @start(%o_16, %o_6, %acc_0_0, %c_1) : (memref<512xi8>, memref<320xi8>, memref<128xi32>, index) -> ()
          aie.objectfifo.release @a_l1_0(Consume, 1)
          %s_17 = aie.objectfifo.acquire @c_l1_0_0(Produce, 1) : !aie.objectfifosubview<memref<128xi32>>
          %o_18 = aie.objectfifo.subview.access %s_17[0] : !aie.objectfifosubview<memref<128xi32>> -> memref<128xi32>
          func.call @finish(%acc_0_0, %o_18) : (memref<128xi32>, memref<128xi32>) -> ()
          aie.objectfifo.release @c_l1_0_0(Produce, 1)
        }
        aie.objectfifo.release @b_l1_0(Consume, 1)
        scf.for %p_19 = %c_2 to %n_9 step %c_2 {
          %s_20 = aie.objectfifo.acquire @b_l1_0(Consume, 1) : !aie.objectfifosubview<memref<320xi8>>
          %o_21 = aie.objectfifo.subview.access %s_20[0] : !aie.objectfifosubview<memref<320xi8>> -> memref<320xi8>
          scf.for %t_22 = %c_1 to %n_12 step %c_2 {
            %s_23 = aie.objectfifo.acquire @a_l1_0(Consume, 1) : !aie.objectfifosubview<memref<512xi8>>
            %o_24 = aie.objectfifo.subview.access %s_23[0] : !aie.objectfifosubview<memref<512xi8>> -> memref<512xi8>
            func.call @start(%o_24, %o_21, %acc_0_0, %c_1) : (memref<512xi8>, memref<320xi8>, memref<128xi32>, index) -> ()
            aie.objectfifo.release @a_l1_0(Consume, 1)
            %s_25 = aie.objectfifo.acquire @c_l1_0_0(Produce, 1) : !aie.objectfifosubview<memref<128xi32>>
            %o_26 = aie.objectfifo.subview.access %s_25[0] : !aie.objectfifosubview<memref<128xi32>> -> memref<128xi32>
            func.call @finish(%acc_0_0, %o_26) : (memref<128xi32>, memref<128xi32>) -> ()
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
        %s_31 = aie.objectfifo.acquire @b_l1_1(Consume, 1) : !aie.objectfifosubview<memref<320xi8>>
        %o_32 = aie.objectfifo.subview.access %s_31[0] : !aie.objectfifosubview<memref<320xi8>> -> memref<320xi8>
        func.call @take(%o_32, %parameters_0_1) : (memref<320xi8>, memref<16xi32>) -> ()
        %c_33 = arith.constant 0 : index
        %n_34 = memref.load %parameters_0_1[%c_33] : memref<16xi32>
        %n_35 = arith.index_cast %n_34 : i32 to index
        %c_36 = arith.constant 1 : index
        %n_37 = memref.load %parameters_0_1[%c_36] : memref<16xi32>
        %n_38 = arith.index_cast %n_37 : i32 to index
        %c_39 = arith.constant 1 : index
        scf.for %t_40 = %c_27 to %n_38 step %c_28 {
          %s_41 = aie.objectfifo.acquire @a_l1_0(Consume, 1) : !aie.objectfifosubview<memref<512xi8>>
          %o_42 = aie.objectfifo.subview.access %s_41[0] : !aie.objectfifosubview<memref<512xi8>> -> memref<512xi8>
          func.call @start(%o_42, %o_32, %acc_0_1, %c_27) : (memref<512xi8>, memref<320xi8>, memref<128xi32>, index) -> ()
          aie.objectfifo.release @a_l1_0(Consume, 1)
          %s_43 = aie.objectfifo.acquire @c_l1_0_1(Produce, 1) : !aie.objectfifosubview<memref<128xi32>>
          %o_44 = aie.objectfifo.subview.access %s_43[0] : !aie.objectfifosubview<memref<128xi32>> -> memref<128xi32>
          func.call @finish(%acc_0_1, %o_44) : (memref<128xi32>, memref<128xi32>) -> ()
          aie.objectfifo.release @c_l1_0_1(Produce, 1)
        }
        aie.objectfifo.release @b_l1_1(Consume, 1)
        scf.for %p_45 = %c_28 to %n_35 step %c_28 {
          %s_46 = aie.objectfifo.acquire @b_l1_1(Consume, 1) : !aie.objectfifosubview<memref<320xi8>>
          %o_47 = aie.objectfifo.subview.access %s_46[0] : !aie.objectfifosubview<memref<320xi8>> -> memref<320xi8>
          scf.for %t_48 = %c_27 to %n_38 step %c_28 {
            %s_49 = aie.objectfifo.acquire @a_l1_0(Consume, 1) : !aie.objectfifosubview<memref<512xi8>>
            %o_50 = aie.objectfifo.subview.access %s_49[0] : !aie.objectfifosubview<memref<512xi8>> -> memref<512xi8>
            func.call @start(%o_50, %o_47, %acc_0_1, %c_27) : (memref<512xi8>, memref<320xi8>, memref<128xi32>, index) -> ()
            aie.objectfifo.release @a_l1_0(Consume, 1)
            %s_51 = aie.objectfifo.acquire @c_l1_0_1(Produce, 1) : !aie.objectfifosubview<memref<128xi32>>
            %o_52 = aie.objectfifo.subview.access %s_51[0] : !aie.objectfifosubview<memref<128xi32>> -> memref<128xi32>
            func.call @finish(%acc_0_1, %o_52) : (memref<128xi32>, memref<128xi32>) -> ()
            aie.objectfifo.release @c_l1_0_1(Produce, 1)
          }
          aie.objectfifo.release @b_l1_1(Consume, 1)
        }
      }
      aie.end
    } {dynamic_objfifo_lowering = true, stack_size = 2048 : i32}
    aie.runtime_sequence @sequence(%lhs: memref<2048xi8>, %weights: memref<640xi8>, %result: memref<1024xi32>) {
      aiex.npu.dma_memcpy_nd(%lhs[0, 0, 0, 0][1, 1, 1, 2048][0, 0, 0, 1]) {id = 0 : i64, issue_token = true, metadata = @a_l3_0} : memref<2048xi8>
      aiex.npu.dma_memcpy_nd(%weights[0, 0, 0, 0][1, 1, 1, 640][0, 0, 0, 1]) {id = 4 : i64, issue_token = true, metadata = @b_l3_0} : memref<640xi8>
      aiex.npu.dma_memcpy_nd(%result[0, 0, 0, 0][4, 2, 16, 8][256, 8, 16, 1]) {id = 8 : i64, issue_token = true, metadata = @c_l3_0} : memref<1024xi32>
      aiex.npu.dma_wait {symbol = @a_l3_0}
      aiex.npu.dma_wait {symbol = @b_l3_0}
      aiex.npu.dma_wait {symbol = @c_l3_0}
    }
  }
}
