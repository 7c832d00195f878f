module {
  aie.device(npu1_1col) {
    %shim_0 = aie.tile(0, 0)
    %mem_0 = aie.tile(0, 1)
    %core_0_0 = aie.tile(0, 2)
    %core_0_1 = aie.tile(0, 3)
    aie.objectfifo @b_l3_0(%shim_0, {%mem_0}, 2 : i32) : !aie.objectfifo<memref<320xi8>>
    aie.objectfifo @b_l1_0(%mem_0, {%core_0_0}, [2, 2]) : !aie.objectfifo<memref<160xi8>>
    aie.objectfifo @b_l1_1(%mem_0, {%core_0_1}, [2, 2]) : !aie.objectfifo<memref<160xi8>>
    aie.objectfifo.link [@b_l3_0] -> [@b_l1_0, @b_l1_1] ([] [0, 160])
    aie.objectfifo @c_l1_0_0(%core_0_0, {%mem_0}, 2 : i32) : !aie.objectfifo<memref<96xi32>>
    aie.objectfifo @c_l1_0_1(%core_0_1, {%mem_0}, 2 : i32) : !aie.objectfifo<memref<96xi32>>
    aie.objectfifo @c_l3_0(%mem_0, {%shim_0}, 2 : i32) : !aie.objectfifo<memref<192xi32>>
    aie.objectfifo.link [@c_l1_0_0, @c_l1_0_1] -> [@c_l3_0] ([0, 96] [])
    aie.objectfifo @a_l3_0(%shim_0, {%mem_0}, 2 : i32) : !aie.objectfifo<memref<640xi8>>
    aie.objectfifo @a_l1_0_0(%mem_0, {%core_0_0}, 2 : i32) : !aie.objectfifo<memref<320xi8>>
    aie.objectfifo @a_l1_0_1(%mem_0, {%core_0_1}, 2 : i32) : !aie.objectfifo<memref<320xi8>>
    aie.objectfifo.link [@a_l3_0] -> [@a_l1_0_0, @a_l1_0_1] ([] [0, 320])
    %acc_0_0 = aie.buffer(%core_0_0) {sym_name = "acc_0_0"} : memref<96xi32>
    %parameters_0_0 = aie.buffer(%core_0_0) {sym_name = "parameters_0_0"} : memref<16xi32>
    %acc_0_1 = aie.buffer(%core_0_1) {sym_name = "acc_0_1"} : memref<96xi32>
    %parameters_0_1 = aie.buffer(%core_0_1) {sym_name = "parameters_0_1"} : memref<16xi32>
    func.func private @llvm.aie2.I512.I512.ACC1024.acc32.mac.conf(vector<64xi8>, vector<16xi32>, vector<16xi64>, i32) -> vector<16xi64>
    func.func private @take(%b: memref<160xi8>, %parameters: memref<16xi32>) {
      %c_1 = arith.constant 96 : index
      %c_2 = arith.constant 0 : index
      %v_3 = vector.load %b[%c_1] {alignment = 32 : i64} : memref<160xi8>, vector<64xi8>
      %v_4 = vector.bitcast %v_3 : vector<64xi8> to vector<16xi32>
      vector.store %v_4, %parameters[%c_2] {alignment = 32 : i64} : memref<16xi32>, vector<16xi32>
      return
    }
    func.func private @start(%a: memref<320xi8>, %b: memref<160xi8>, %c: memref<96xi32>, %q: index) {
      %c_1 = arith.constant 0 : index
      %c_2 = arith.constant 1 : index
      %c_3 = arith.constant 904 : i32
      %c_4 = arith.constant 905 : i32
      %c_5 = arith.constant 96 : index
      %i_6 = arith.muli %q, %c_5 : index
      %c_7 = arith.constant 1 : index
      scf.for %n_8 = %c_1 to %c_7 step %c_2 {
        %c_9 = arith.constant 96 : index
        %i_10 = arith.muli %n_8, %c_9 : index
        %i_11 = arith.addi %i_10, %i_6 : index
        %f_12 = vector.load %b[%i_11] {alignment = 32 : i64} : memref<160xi8>, vector<32xi8>
        %v_13 = vector.shuffle %f_12, %f_12 [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1] : vector<32xi8>, vector<32xi8>
        %v_14 = vector.bitcast %v_13 : vector<64xi8> to vector<16xi32>
        %c_15 = arith.constant 32 : index
        %i_16 = arith.addi %i_11, %c_15 : index
        %f_17 = vector.load %b[%i_16] {alignment = 32 : i64} : memref<160xi8>, vector<32xi8>
        %v_18 = vector.shuffle %f_17, %f_17 [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1] : vector<32xi8>, vector<32xi8>
        %v_19 = vector.bitcast %v_18 : vector<64xi8> to vector<16xi32>
        %c_20 = arith.constant 64 : index
        %i_21 = arith.addi %i_11, %c_20 : index
        %f_22 = vector.load %b[%i_21] {alignment = 32 : i64} : memref<160xi8>, vector<32xi8>
        %v_23 = vector.shuffle %f_22, %f_22 [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1] : vector<32xi8>, vector<32xi8>
        %v_24 = vector.bitcast %v_23 : vector<64xi8> to vector<16xi32>
        %c_25 = arith.constant 3 : index
        %c_26 = arith.constant 1 : index
        scf.for %y_27 = %c_1 to %c_25 step %c_26 {
          %c_28 = arith.constant 1 : index
          %c_29 = arith.constant 1 : index
          scf.for %x_30 = %c_1 to %c_28 step %c_29 {
            %c_31 = arith.constant 64 : index
            %i_32 = arith.muli %y_27, %c_31 : index
            %i_33 = arith.addi %c_1, %i_32 : index
            %c_34 = arith.constant 32 : index
            %i_35 = arith.muli %x_30, %c_34 : index
            %i_36 = arith.addi %i_33, %i_35 : index
            %c_37 = arith.constant 1 : index
            %i_38 = arith.muli %y_27, %c_37 : index
            %i_39 = arith.addi %i_38, %x_30 : index
            %c_40 = arith.constant 1 : index
            %i_41 = arith.muli %i_39, %c_40 : index
            %i_42 = arith.addi %i_41, %n_8 : index
            %c_43 = arith.constant 32 : index
            %i_44 = arith.muli %i_42, %c_43 : index
            %acc_45 = arith.constant dense<0> : vector<16xi64>
            %v_46 = vector.load %a[%i_36] {alignment = 32 : i64} : memref<320xi8>, vector<32xi8>
            %c_47 = arith.constant 32 : index
            %i_48 = arith.addi %i_36, %c_47 : index
            %v_49 = vector.load %a[%i_48] {alignment = 32 : i64} : memref<320xi8>, vector<32xi8>
            %a_50 = vector.shuffle %v_46, %v_49 [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63] : vector<32xi8>, vector<32xi8>
            %y_51 = func.call @llvm.aie2.I512.I512.ACC1024.acc32.mac.conf(%a_50, %v_14, %acc_45, %c_4) : (vector<64xi8>, vector<16xi32>, vector<16xi64>, i32) -> vector<16xi64>
            %c_52 = arith.constant 64 : index
            %i_53 = arith.addi %i_36, %c_52 : index
            %v_54 = vector.load %a[%i_53] {alignment = 32 : i64} : memref<320xi8>, vector<32xi8>
            %c_55 = arith.constant 96 : index
            %i_56 = arith.addi %i_36, %c_55 : index
            %v_57 = vector.load %a[%i_56] {alignment = 32 : i64} : memref<320xi8>, vector<32xi8>
            %a_58 = vector.shuffle %v_54, %v_57 [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63] : vector<32xi8>, vector<32xi8>
            %y_59 = func.call @llvm.aie2.I512.I512.ACC1024.acc32.mac.conf(%a_58, %v_19, %y_51, %c_3) : (vector<64xi8>, vector<16xi32>, vector<16xi64>, i32) -> vector<16xi64>
            %c_60 = arith.constant 128 : index
            %i_61 = arith.addi %i_36, %c_60 : index
            %v_62 = vector.load %a[%i_61] {alignment = 32 : i64} : memref<320xi8>, vector<32xi8>
            %c_63 = arith.constant 160 : index
            %i_64 = arith.addi %i_36, %c_63 : index
            %v_65 = vector.load %a[%i_64] {alignment = 32 : i64} : memref<320xi8>, vector<32xi8>
            %a_66 = vector.shuffle %v_62, %v_65 [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63] : vector<32xi8>, vector<32xi8>
            %y_67 = func.call @llvm.aie2.I512.I512.ACC1024.acc32.mac.conf(%a_66, %v_24, %y_59, %c_3) : (vector<64xi8>, vector<16xi32>, vector<16xi64>, i32) -> vector<16xi64>
            %v_68 = vector.bitcast %y_67 : vector<16xi64> to vector<32xi32>
            vector.store %v_68, %c[%i_44] {alignment = 32 : i64} : memref<96xi32>, vector<32xi32>
          }
        }
      }
      return
    }
    func.func private @finish(%acc: memref<96xi32>, %out: memref<96xi32>) {
      %c_1 = arith.constant 0 : index
      %c_2 = arith.constant 1 : index
      %c_3 = arith.constant 1 : index
      %c_4 = arith.constant 32 : index
      %c_5 = arith.constant 32 : index
      %c_6 = arith.constant 1 : index
      scf.for %n_7 = %c_1 to %c_3 step %c_6 {
        %c_8 = arith.constant 3 : index
        scf.for %m_9 = %c_1 to %c_8 step %c_2 {
          %i_10 = arith.muli %m_9, %c_4 : index
          %i_11 = arith.muli %n_7, %c_5 : index
          %i_12 = arith.addi %i_10, %i_11 : index
          %acc_13 = vector.load %acc[%i_12] {alignment = 32 : i64} : memref<96xi32>, vector<32xi32>
          vector.store %acc_13, %out[%i_12] {alignment = 32 : i64} : memref<96xi32>, vector<32xi32>
        }
      }
      return
    }
    %program_0_0 = aie.core(%core_0_0) {
      %c_1 = arith.constant 0 : index
      %c_2 = arith.constant 1 : index
      %c_3 = arith.constant 9223372036854775807 : index
      scf.for %call_4 = %c_1 to %c_3 step %c_2 {
        %s_5 = aie.objectfifo.acquire @b_l1_0(Consume, 1) : !aie.objectfifosubview<memref<160xi8>>
        %o_6 = aie.objectfifo.subview.access %s_5[0] : !aie.objectfifosubview<memref<160xi8>> -> memref<160xi8>
        func.call @take(%o_6, %parameters_0_0) : (memref<160xi8>, memref<16xi32>) -> ()
        %c_7 = arith.constant 0 : index
        %n_8 = memref.load %parameters_0_0[%c_7] : memref<16xi32>
        %n_9 = arith.index_cast %n_8 : i32 to index
        %c_10 = arith.constant 1 : index
        %n_11 = memref.load %parameters_0_0[%c_10] : memref<16xi32>
        %n_12 = arith.index_cast %n_11 : i32 to index
        %c_13 = arith.constant 1 : index
        scf.for %t_14 = %c_1 to %n_12 step %c_2 {
          %s_15 = aie.objectfifo.acquire @a_l1_0_0(Consume, 1) : !aie.objectfifosubview<memref<320xi8>>
          %o_16 = aie.objectfifo.subview.access %s_15[0] : !aie.objectfifosubview<memref<320xi8>> -> memref<320xi8>
          func.call @start(%o_16, %o_6, %acc_0_0, %c_1) : (memref<320xi8>, memref<160xi8>, memref<96xi32>, index) -> ()
          aie.objectfifo.release @a_l1_0_0(Consume, 1)
          %s_17 = aie.objectfifo.acquire @c_l1_0_0(Produce, 1) : !aie.objectfifosubview<memref<96xi32>>
          %o_18 = aie.objectfifo.subview.access %s_17[0] : !aie.objectfifosubview<memref<96xi32>> -> memref<96xi32>
          func.call @finish(%acc_0_0, %o_18) : (memref<96xi32>, memref<96xi32>) -> ()
          aie.objectfifo.release @c_l1_0_0(Produce, 1)
        }
        aie.objectfifo.release @b_l1_0(Consume, 1)
        scf.for %p_19 = %c_2 to %n_9 step %c_2 {
          %s_20 = aie.objectfifo.acquire @b_l1_0(Consume, 1) : !aie.objectfifosubview<memref<160xi8>>
          %o_21 = aie.objectfifo.subview.access %s_20[0] : !aie.objectfifosubview<memref<160xi8>> -> memref<160xi8>
          scf.for %t_22 = %c_1 to %n_12 step %c_2 {
            %s_23 = aie.objectfifo.acquire @a_l1_0_0(Consume, 1) : !aie.objectfifosubview<memref<320xi8>>
            %o_24 = aie.objectfifo.subview.access %s_23[0] : !aie.objectfifosubview<memref<320xi8>> -> memref<320xi8>
            func.call @start(%o_24, %o_21, %acc_0_0, %c_1) : (memref<320xi8>, memref<160xi8>, memref<96xi32>, index) -> ()
            aie.objectfifo.release @a_l1_0_0(Consume, 1)
            %s_25 = aie.objectfifo.acquire @c_l1_0_0(Produce, 1) : !aie.objectfifosubview<memref<96xi32>>
            %o_26 = aie.objectfifo.subview.access %s_25[0] : !aie.objectfifosubview<memref<96xi32>> -> memref<96xi32>
            func.call @finish(%acc_0_0, %o_26) : (memref<96xi32>, memref<96xi32>) -> ()
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
        %s_31 = aie.objectfifo.acquire @b_l1_1(Consume, 1) : !aie.objectfifosubview<memref<160xi8>>
        %o_32 = aie.objectfifo.subview.access %s_31[0] : !aie.objectfifosubview<memref<160xi8>> -> memref<160xi8>
        func.call @take(%o_32, %parameters_0_1) : (memref<160xi8>, memref<16xi32>) -> ()
        %c_33 = arith.constant 0 : index
        %n_34 = memref.load %parameters_0_1[%c_33] : memref<16xi32>
        %n_35 = arith.index_cast %n_34 : i32 to index
        %c_36 = arith.constant 1 : index
        %n_37 = memref.load %parameters_0_1[%c_36] : memref<16xi32>
        %n_38 = arith.index_cast %n_37 : i32 to index
        %c_39 = arith.constant 1 : index
        scf.for %t_40 = %c_27 to %n_38 step %c_28 {
          %s_41 = aie.objectfifo.acquire @a_l1_0_1(Consume, 1) : !aie.objectfifosubview<memref<320xi8>>
          %o_42 = aie.objectfifo.subview.access %s_41[0] : !aie.objectfifosubview<memref<320xi8>> -> memref<320xi8>
          func.call @start(%o_42, %o_32, %acc_0_1, %c_27) : (memref<320xi8>, memref<160xi8>, memref<96xi32>, index) -> ()
          aie.objectfifo.release @a_l1_0_1(Consume, 1)
          %s_43 = aie.objectfifo.acquire @c_l1_0_1(Produce, 1) : !aie.objectfifosubview<memref<96xi32>>
          %o_44 = aie.objectfifo.subview.access %s_43[0] : !aie.objectfifosubview<memref<96xi32>> -> memref<96xi32>
          func.call @finish(%acc_0_1, %o_44) : (memref<96xi32>, memref<96xi32>) -> ()
          aie.objectfifo.release @c_l1_0_1(Produce, 1)
        }
        aie.objectfifo.release @b_l1_1(Consume, 1)
        scf.for %p_45 = %c_28 to %n_35 step %c_28 {
          %s_46 = aie.objectfifo.acquire @b_l1_1(Consume, 1) : !aie.objectfifosubview<memref<160xi8>>
          %o_47 = aie.objectfifo.subview.access %s_46[0] : !aie.objectfifosubview<memref<160xi8>> -> memref<160xi8>
          scf.for %t_48 = %c_27 to %n_38 step %c_28 {
            %s_49 = aie.objectfifo.acquire @a_l1_0_1(Consume, 1) : !aie.objectfifosubview<memref<320xi8>>
            %o_50 = aie.objectfifo.subview.access %s_49[0] : !aie.objectfifosubview<memref<320xi8>> -> memref<320xi8>
            func.call @start(%o_50, %o_47, %acc_0_1, %c_27) : (memref<320xi8>, memref<160xi8>, memref<96xi32>, index) -> ()
            aie.objectfifo.release @a_l1_0_1(Consume, 1)
            %s_51 = aie.objectfifo.acquire @c_l1_0_1(Produce, 1) : !aie.objectfifosubview<memref<96xi32>>
            %o_52 = aie.objectfifo.subview.access %s_51[0] : !aie.objectfifosubview<memref<96xi32>> -> memref<96xi32>
            func.call @finish(%acc_0_1, %o_52) : (memref<96xi32>, memref<96xi32>) -> ()
            aie.objectfifo.release @c_l1_0_1(Produce, 1)
          }
          aie.objectfifo.release @b_l1_1(Consume, 1)
        }
      }
      aie.end
    } {dynamic_objfifo_lowering = true, stack_size = 2048 : i32}
    aie.runtime_sequence @sequence(%lhs_planes: memref<4096xi8>, %weights: memref<1280xi8>, %result: memref<1536xi32>) {
      aiex.npu.dma_memcpy_nd(%lhs_planes[0, 0, 0, 0][4, 2, 2, 320][1024, 192, 512, 1]) {id = 0 : i64, issue_token = true, metadata = @a_l3_0} : memref<4096xi8>
      aiex.npu.dma_memcpy_nd(%weights[0, 0, 0, 0][1, 1, 1, 1280][0, 0, 0, 1]) {id = 4 : i64, issue_token = true, metadata = @b_l3_0} : memref<1280xi8>
      aiex.npu.dma_memcpy_nd(%result[0, 0, 0, 0][4, 2, 2, 96][384, 96, 192, 1]) {id = 8 : i64, issue_token = true, metadata = @c_l3_0} : memref<1536xi32>
      aiex.npu.dma_wait {symbol = @a_l3_0}
      aiex.npu.dma_wait {symbol = @b_l3_0}
      aiex.npu.dma_wait {symbol = @c_l3_0}
    }
  }
}
