module {
  aie.device(npu1_1col) {
    %shim_0 = aie.tile(0, 0)
    %mem_0 = aie.tile(0, 1)
    %core_0_0 = aie.tile(0, 2)
    %core_0_1 = aie.tile(0, 3)
    aie.objectfifo @a_l3_0(%shim_0, {%mem_0}, 2 : i32) : !aie.objectfifo<memref<512xi8>>
    aie.objectfifo @a_l1_0(%mem_0 dimensionsToStream [<size = 4, stride = 128>, <size = 4, stride = 8>, <size = 4, stride = 32>, <size = 8, stride = 1>], {%core_0_0, %core_0_1}, 2 : i32) : !aie.objectfifo<memref<512xi8>>
    aie.objectfifo.link [@a_l3_0] -> [@a_l1_0] ([] [])
    aie.objectfifo @b_l3_0(%shim_0, {%mem_0}, 2 : i32) : !aie.objectfifo<memref<512xi8>>
    aie.objectfifo @b_l1_0(%mem_0, {%core_0_0}, [2, 2]) : !aie.objectfifo<memref<256xi8>>
    aie.objectfifo @b_l1_1(%mem_0, {%core_0_1}, [2, 2]) : !aie.objectfifo<memref<256xi8>>
    aie.objectfifo.link [@b_l3_0] -> [@b_l1_0, @b_l1_1] ([] [0, 256])
    aie.objectfifo @c_l1_0_0(%core_0_0, {%mem_0}, 2 : i32) : !aie.objectfifo<memref<128xi32>>
    aie.objectfifo @c_l1_0_1(%core_0_1, {%mem_0}, 2 : i32) : !aie.objectfifo<memref<128xi32>>
    aie.objectfifo @c_l3_0(%mem_0 dimensionsToStream [<size = 4, stride = 32>, <size = 4, stride = 8>, <size = 1, stride = 32>, <size = 8, stride = 1>], {%shim_0}, 2 : i32) : !aie.objectfifo<memref<256xi32>>
    aie.objectfifo.link [@c_l1_0_0, @c_l1_0_1] -> [@c_l3_0] ([0, 128] [])
    %acc_0_0 = aie.buffer(%core_0_0) {sym_name = "acc_0_0"} : memref<128xi32>
    %acc_0_1 = aie.buffer(%core_0_1) {sym_name = "acc_0_1"} : memref<128xi32>
    func.func private @llvm.aie2.I512.I512.ACC1024.acc32.mac.conf(vector<64xi8>, vector<16xi32>, vector<16xi64>, i32) -> vector<16xi64>
    func.func private @clear(%c: memref<128xi32>) {
      %c_1 = arith.constant 0 : index
      %c_2 = arith.constant 128 : index
      %c_3 = arith.constant 16 : index
      %v_4 = arith.constant dense<0> : vector<16xi32>
      scf.for %i_5 = %c_1 to %c_2 step %c_3 {
        vector.store %v_4, %c[%i_5] {alignment = 32 : i64} : memref<128xi32>, vector<16xi32>
      }
      return
    }
    func.func private @multiply(%a: memref<512xi8>, %b: memref<256xi8>, %c: memref<128xi32>, %q: index) {
      %c_1 = arith.constant 0 : index
      %c_2 = arith.constant 1 : index
      %c_3 = arith.constant 776 : i32
      %c_4 = arith.constant 4 : index
      %c_5 = arith.constant 4 : index
      %c_6 = arith.constant 1 : index
      %c_7 = arith.constant 1 : index
      %c_8 = arith.constant 4 : index
      %c_9 = arith.constant 128 : index
      %c_10 = arith.constant 32 : index
      %c_11 = arith.constant 64 : index
      %c_12 = arith.constant 256 : index
      %c_13 = arith.constant 256 : index
      %c_14 = arith.constant 32 : index
      %c_15 = arith.constant 32 : index
      %i_16 = arith.muli %q, %c_13 : index
      scf.for %mb_17 = %c_1 to %c_4 step %c_5 {
        scf.for %nb_18 = %c_1 to %c_6 step %c_7 {
          %i_19 = arith.muli %mb_17, %c_9 : index
          %c_20 = arith.constant 1 : index
          %i_21 = arith.addi %mb_17, %c_20 : index
          %i_22 = arith.muli %i_21, %c_9 : index
          %c_23 = arith.constant 2 : index
          %i_24 = arith.addi %mb_17, %c_23 : index
          %i_25 = arith.muli %i_24, %c_9 : index
          %c_26 = arith.constant 3 : index
          %i_27 = arith.addi %mb_17, %c_26 : index
          %i_28 = arith.muli %i_27, %c_9 : index
          %i_29 = arith.muli %nb_18, %c_12 : index
          %i_30 = arith.addi %i_29, %i_16 : index
          %i_31 = arith.muli %mb_17, %c_14 : index
          %i_32 = arith.muli %nb_18, %c_15 : index
          %i_33 = arith.addi %i_32, %i_31 : index
          %c_34 = arith.constant 1 : index
          %i_35 = arith.addi %mb_17, %c_34 : index
          %i_36 = arith.muli %i_35, %c_14 : index
          %i_37 = arith.muli %nb_18, %c_15 : index
          %i_38 = arith.addi %i_37, %i_36 : index
          %c_39 = arith.constant 2 : index
          %i_40 = arith.addi %mb_17, %c_39 : index
          %i_41 = arith.muli %i_40, %c_14 : index
          %i_42 = arith.muli %nb_18, %c_15 : index
          %i_43 = arith.addi %i_42, %i_41 : index
          %c_44 = arith.constant 3 : index
          %i_45 = arith.addi %mb_17, %c_44 : index
          %i_46 = arith.muli %i_45, %c_14 : index
          %i_47 = arith.muli %nb_18, %c_15 : index
          %i_48 = arith.addi %i_47, %i_46 : index
          %acc_49 = vector.load %c[%i_33] {alignment = 32 : i64} : memref<128xi32>, vector<32xi32>
          %v_50 = vector.bitcast %acc_49 : vector<32xi32> to vector<16xi64>
          %acc_51 = vector.load %c[%i_38] {alignment = 32 : i64} : memref<128xi32>, vector<32xi32>
          %v_52 = vector.bitcast %acc_51 : vector<32xi32> to vector<16xi64>
          %acc_53 = vector.load %c[%i_43] {alignment = 32 : i64} : memref<128xi32>, vector<32xi32>
          %v_54 = vector.bitcast %acc_53 : vector<32xi32> to vector<16xi64>
          %acc_55 = vector.load %c[%i_48] {alignment = 32 : i64} : memref<128xi32>, vector<32xi32>
          %v_56 = vector.bitcast %acc_55 : vector<32xi32> to vector<16xi64>
          %sum_62:4 = scf.for %kb_57 = %c_1 to %c_8 step %c_2 iter_args(%x_58 = %v_50, %x_59 = %v_52, %x_60 = %v_54, %x_61 = %v_56) -> (vector<16xi64>, vector<16xi64>, vector<16xi64>, vector<16xi64>) {
            %i_63 = arith.muli %kb_57, %c_10 : index
            %i_64 = arith.muli %kb_57, %c_11 : index
            %i_65 = arith.addi %i_19, %i_63 : index
            %a_66 = vector.load %a[%i_65] {alignment = 32 : i64} : memref<512xi8>, vector<32xi8>
            %v_67 = vector.shuffle %a_66, %a_66 [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1] : vector<32xi8>, vector<32xi8>
            %i_68 = arith.addi %i_22, %i_63 : index
            %a_69 = vector.load %a[%i_68] {alignment = 32 : i64} : memref<512xi8>, vector<32xi8>
            %v_70 = vector.shuffle %a_69, %a_69 [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1] : vector<32xi8>, vector<32xi8>
            %i_71 = arith.addi %i_25, %i_63 : index
            %a_72 = vector.load %a[%i_71] {alignment = 32 : i64} : memref<512xi8>, vector<32xi8>
            %v_73 = vector.shuffle %a_72, %a_72 [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1] : vector<32xi8>, vector<32xi8>
            %i_74 = arith.addi %i_28, %i_63 : index
            %a_75 = vector.load %a[%i_74] {alignment = 32 : i64} : memref<512xi8>, vector<32xi8>
            %v_76 = vector.shuffle %a_75, %a_75 [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1] : vector<32xi8>, vector<32xi8>
            %i_77 = arith.addi %i_30, %i_64 : index
            %b_78 = vector.load %b[%i_77] {alignment = 32 : i64} : memref<256xi8>, vector<64xi8>
            %v_79 = vector.bitcast %b_78 : vector<64xi8> to vector<16xi32>
            %y_80 = func.call @llvm.aie2.I512.I512.ACC1024.acc32.mac.conf(%v_67, %v_79, %x_58, %c_3) : (vector<64xi8>, vector<16xi32>, vector<16xi64>, i32) -> vector<16xi64>
            %y_81 = func.call @llvm.aie2.I512.I512.ACC1024.acc32.mac.conf(%v_70, %v_79, %x_59, %c_3) : (vector<64xi8>, vector<16xi32>, vector<16xi64>, i32) -> vector<16xi64>
            %y_82 = func.call @llvm.aie2.I512.I512.ACC1024.acc32.mac.conf(%v_73, %v_79, %x_60, %c_3) : (vector<64xi8>, vector<16xi32>, vector<16xi64>, i32) -> vector<16xi64>
            %y_83 = func.call @llvm.aie2.I512.I512.ACC1024.acc32.mac.conf(%v_76, %v_79, %x_61, %c_3) : (vector<64xi8>, vector<16xi32>, vector<16xi64>, i32) -> vector<16xi64>
            scf.yield %y_80, %y_81, %y_82, %y_83 : vector<16xi64>, vector<16xi64>, vector<16xi64>, vector<16xi64>
          }
          %v_84 = vector.bitcast %sum_62#0 : vector<16xi64> to vector<32xi32>
          vector.store %v_84, %c[%i_33] {alignment = 32 : i64} : memref<128xi32>, vector<32xi32>
          %v_85 = vector.bitcast %sum_62#1 : vector<16xi64> to vector<32xi32>
          vector.store %v_85, %c[%i_38] {alignment = 32 : i64} : memref<128xi32>, vector<32xi32>
          %v_86 = vector.bitcast %sum_62#2 : vector<16xi64> to vector<32xi32>
          vector.store %v_86, %c[%i_43] {alignment = 32 : i64} : memref<128xi32>, vector<32xi32>
          %v_87 = vector.bitcast %sum_62#3 : vector<16xi64> to vector<32xi32>
          vector.store %v_87, %c[%i_48] {alignment = 32 : i64} : memref<128xi32>, vector<32xi32>
        }
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
      %c_3 = arith.constant 1 : index
      %c_4 = arith.constant 4 : index
      %c_5 = arith.constant 1 : index
      %c_6 = arith.constant 9223372036854775807 : index
      scf.for %call_7 = %c_1 to %c_6 step %c_2 {
        scf.for %p_8 = %c_1 to %c_3 step %c_2 {
          %s_9 = aie.objectfifo.acquire @b_l1_0(Consume, 1) : !aie.objectfifosubview<memref<256xi8>>
          %o_10 = aie.objectfifo.subview.access %s_9[0] : !aie.objectfifosubview<memref<256xi8>> -> memref<256xi8>
          scf.for %t_11 = %c_1 to %c_4 step %c_2 {
            func.call @clear(%acc_0_0) : (memref<128xi32>) -> ()
            scf.for %q_12 = %c_1 to %c_5 step %c_2 {
              %s_13 = aie.objectfifo.acquire @a_l1_0(Consume, 1) : !aie.objectfifosubview<memref<512xi8>>
              %o_14 = aie.objectfifo.subview.access %s_13[0] : !aie.objectfifosubview<memref<512xi8>> -> memref<512xi8>
              func.call @multiply(%o_14, %o_10, %acc_0_0, %q_12) : (memref<512xi8>, memref<256xi8>, memref<128xi32>, index) -> ()
              aie.objectfifo.release @a_l1_0(Consume, 1)
            }
            %s_15 = aie.objectfifo.acquire @c_l1_0_0(Produce, 1) : !aie.objectfifosubview<memref<128xi32>>
            %o_16 = aie.objectfifo.subview.access %s_15[0] : !aie.objectfifosubview<memref<128xi32>> -> memref<128xi32>
            func.call @finish(%acc_0_0, %o_16) : (memref<128xi32>, memref<128xi32>) -> ()
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
      %c_20 = arith.constant 4 : index
      %c_21 = arith.constant 1 : index
      %c_22 = arith.constant 9223372036854775807 : index
      scf.for %call_23 = %c_17 to %c_22 step %c_18 {
        scf.for %p_24 = %c_17 to %c_19 step %c_18 {
          %s_25 = aie.objectfifo.acquire @b_l1_1(Consume, 1) : !aie.objectfifosubview<memref<256xi8>>
          %o_26 = aie.objectfifo.subview.access %s_25[0] : !aie.objectfifosubview<memref<256xi8>> -> memref<256xi8>
          scf.for %t_27 = %c_17 to %c_20 step %c_18 {
            func.call @clear(%acc_0_1) : (memref<128xi32>) -> ()
            scf.for %q_28 = %c_17 to %c_21 step %c_18 {
              %s_29 = aie.objectfifo.acquire @a_l1_0(Consume, 1) : !aie.objectfifosubview<memref<512xi8>>
              %o_30 = aie.objectfifo.subview.access %s_29[0] : !aie.objectfifosubview<memref<512xi8>> -> memref<512xi8>
              func.call @multiply(%o_30, %o_26, %acc_0_1, %q_28) : (memref<512xi8>, memref<256xi8>, memref<128xi32>, index) -> ()
              aie.objectfifo.release @a_l1_0(Consume, 1)
            }
            %s_31 = aie.objectfifo.acquire @c_l1_0_1(Produce, 1) : !aie.objectfifosubview<memref<128xi32>>
            %o_32 = aie.objectfifo.subview.access %s_31[0] : !aie.objectfifosubview<memref<128xi32>> -> memref<128xi32>
            func.call @finish(%acc_0_1, %o_32) : (memref<128xi32>, memref<128xi32>) -> ()
            aie.objectfifo.release @c_l1_0_1(Produce, 1)
          }
          aie.objectfifo.release @b_l1_1(Consume, 1)
        }
      }
      aie.end
    } {dynamic_objfifo_lowering = true, stack_size = 2048 : i32}
    aie.runtime_sequence @sequence(%lhs: memref<2048xi8>, %weights: memref<512xi8>, %result: memref<1024xi32>) {
      aiex.npu.dma_memcpy_nd(%lhs[0, 0, 0, 0][1, 1, 1, 2048][0, 0, 0, 1]) {id = 0 : i64, issue_token = true, metadata = @a_l3_0} : memref<2048xi8>
      aiex.npu.dma_memcpy_nd(%weights[0, 0, 0, 0][1, 1, 1, 512][0, 0, 0, 1]) {id = 4 : i64, issue_token = true, metadata = @b_l3_0} : memref<512xi8>
      aiex.npu.dma_memcpy_nd(%result[0, 0, 0, 0][4, 2, 16, 8][256, 8, 16, 1]) {id = 8 : i64, issue_token = true, metadata = @c_l3_0} : memref<1024xi32>
      aiex.npu.dma_wait {symbol = @a_l3_0}
      aiex.npu.dma_wait {symbol = @b_l3_0}
      aiex.npu.dma_wait {symbol = @c_l3_0}
    }
  }
}
