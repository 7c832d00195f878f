module {
  aie.device(npu2) {
    %shim_0 = aie.tile(0, 0)
    %mem_0 = aie.tile(0, 1)
    %core_0_0 = aie.tile(0, 2)
    aie.objectfifo @a_l3_0(%shim_0, {%mem_0}, 2 : i32) : !aie.objectfifo<memref<256xi8>>
    aie.objectfifo @a_l1_0(%mem_0 dimensionsToStream [<size = 2, stride = 128>, <size = 2, stride = 8>, <size = 8, stride = 16>, <size = 8, stride = 1>], {%core_0_0}, 2 : i32) : !aie.objectfifo<memref<256xi8>>
    aie.objectfifo.link [@a_l3_0] -> [@a_l1_0] ([] [])
    aie.objectfifo @b_l3_0(%shim_0, {%mem_0}, 2 : i32) : !aie.objectfifo<memref<128xi8>>
    aie.objectfifo @b_l1_0(%mem_0, {%core_0_0}, [2, 2]) : !aie.objectfifo<memref<128xi8>>
    aie.objectfifo.link [@b_l3_0] -> [@b_l1_0] ([] [])
    aie.objectfifo @c_l1_0_0(%core_0_0, {%mem_0}, 2 : i32) : !aie.objectfifo<memref<128xi32>>
    aie.objectfifo @c_l3_0(%mem_0 dimensionsToStream [<size = 2, stride = 64>, <size = 8, stride = 8>, <size = 1, stride = 64>, <size = 8, stride = 1>], {%shim_0}, 2 : i32) : !aie.objectfifo<memref<128xi32>>
    aie.objectfifo.link [@c_l1_0_0] -> [@c_l3_0] ([] [])
    %acc_0_0 = aie.buffer(%core_0_0) {sym_name = "acc_0_0"} : memref<128xi32>
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
    func.func private @multiply(%a: memref<256xi8>, %b: memref<128xi8>, %c: memref<128xi32>, %q: index) {
      %c_1 = arith.constant 0 : index
      %c_2 = arith.constant 1 : index
      %c_3 = arith.constant 2 : index
      %c_4 = arith.constant 2 : index
      %c_5 = arith.constant 1 : index
      %c_6 = arith.constant 1 : index
      %c_7 = arith.constant 2 : index
      %c_8 = arith.constant 128 : index
      %c_9 = arith.constant 64 : index
      %c_10 = arith.constant 64 : index
      %c_11 = arith.constant 128 : index
      %c_12 = arith.constant 128 : index
      %c_13 = arith.constant 64 : index
      %c_14 = arith.constant 64 : index
      %i_15 = arith.muli %q, %c_12 : index
      scf.for %mb_16 = %c_1 to %c_3 step %c_4 {
        scf.for %nb_17 = %c_1 to %c_5 step %c_6 {
          %i_18 = arith.muli %mb_16, %c_8 : index
          %c_19 = arith.constant 1 : index
          %i_20 = arith.addi %mb_16, %c_19 : index
          %i_21 = arith.muli %i_20, %c_8 : index
          %i_22 = arith.muli %nb_17, %c_11 : index
          %i_23 = arith.addi %i_22, %i_15 : index
          %i_24 = arith.muli %mb_16, %c_13 : index
          %i_25 = arith.muli %nb_17, %c_14 : index
          %i_26 = arith.addi %i_25, %i_24 : index
          %c_27 = arith.constant 1 : index
          %i_28 = arith.addi %mb_16, %c_27 : index
          %i_29 = arith.muli %i_28, %c_13 : index
          %i_30 = arith.muli %nb_17, %c_14 : index
          %i_31 = arith.addi %i_30, %i_29 : index
          %v_32 = vector.load %c[%i_26] {alignment = 32 : i64} : memref<128xi32>, vector<64xi32>
          %acc_33 = vector.shape_cast %v_32 : vector<64xi32> to vector<8x8xi32>
          %v_34 = vector.load %c[%i_31] {alignment = 32 : i64} : memref<128xi32>, vector<64xi32>
          %acc_35 = vector.shape_cast %v_34 : vector<64xi32> to vector<8x8xi32>
          %sum_39:2 = scf.for %kb_36 = %c_1 to %c_7 step %c_2 iter_args(%x_37 = %acc_33, %x_38 = %acc_35) -> (vector<8x8xi32>, vector<8x8xi32>) {
            %i_40 = arith.muli %kb_36, %c_9 : index
            %i_41 = arith.muli %kb_36, %c_10 : index
            %i_42 = arith.addi %i_18, %i_40 : index
            %a_43 = vector.load %a[%i_42] {alignment = 32 : i64} : memref<256xi8>, vector<64xi8>
            %v_44 = vector.shape_cast %a_43 : vector<64xi8> to vector<8x8xi8>
            %i_45 = arith.addi %i_21, %i_40 : index
            %a_46 = vector.load %a[%i_45] {alignment = 32 : i64} : memref<256xi8>, vector<64xi8>
            %v_47 = vector.shape_cast %a_46 : vector<64xi8> to vector<8x8xi8>
            %i_48 = arith.addi %i_23, %i_41 : index
            %b_49 = vector.load %b[%i_48] {alignment = 32 : i64} : memref<128xi8>, vector<64xi8>
            %v_50 = vector.shape_cast %b_49 : vector<64xi8> to vector<8x8xi8>
            %y_51 = aievec.matmul_aie2p %v_44, %v_50, %x_37 : vector<8x8xi8>, vector<8x8xi8> into vector<8x8xi32>
            %y_52 = aievec.matmul_aie2p %v_47, %v_50, %x_38 : vector<8x8xi8>, vector<8x8xi8> into vector<8x8xi32>
            scf.yield %y_51, %y_52 : vector<8x8xi32>, vector<8x8xi32>
          }
          %v_53 = vector.shape_cast %sum_39#0 : vector<8x8xi32> to vector<64xi32>
          vector.store %v_53, %c[%i_26] {alignment = 32 : i64} : memref<128xi32>, vector<64xi32>
          %v_54 = vector.shape_cast %sum_39#1 : vector<8x8xi32> to vector<64xi32>
          vector.store %v_54, %c[%i_31] {alignment = 32 : i64} : memref<128xi32>, vector<64xi32>
        }
      }
      return
    }
    func.func private @finish(%acc: memref<128xi32>, %out: memref<128xi32>) {
      %c_1 = arith.constant 0 : index
      %c_2 = arith.constant 1 : index
      %c_3 = arith.constant 1 : index
      %c_4 = arith.constant 64 : index
      %c_5 = arith.constant 64 : index
      %c_6 = arith.constant 1 : index
      scf.for %n_7 = %c_1 to %c_3 step %c_6 {
        %c_8 = arith.constant 2 : index
        scf.for %m_9 = %c_1 to %c_8 step %c_2 {
          %i_10 = arith.muli %m_9, %c_4 : index
          %i_11 = arith.muli %n_7, %c_5 : index
          %i_12 = arith.addi %i_10, %i_11 : index
          %acc_13 = vector.load %acc[%i_12] {alignment = 32 : i64} : memref<128xi32>, vector<64xi32>
          vector.store %acc_13, %out[%i_12] {alignment = 32 : i64} : memref<128xi32>, vector<64xi32>
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
          %s_9 = aie.objectfifo.acquire @b_l1_0(Consume, 1) : !aie.objectfifosubview<memref<128xi8>>
          %o_10 = aie.objectfifo.subview.access %s_9[0] : !aie.objectfifosubview<memref<128xi8>> -> memref<128xi8>
          scf.for %t_11 = %c_1 to %c_4 step %c_2 {
            func.call @clear(%acc_0_0) : (memref<128xi32>) -> ()
            scf.for %q_12 = %c_1 to %c_5 step %c_2 {
              %s_13 = aie.objectfifo.acquire @a_l1_0(Consume, 1) : !aie.objectfifosubview<memref<256xi8>>
              %o_14 = aie.objectfifo.subview.access %s_13[0] : !aie.objectfifosubview<memref<256xi8>> -> memref<256xi8>
              func.call @multiply(%o_14, %o_10, %acc_0_0, %q_12) : (memref<256xi8>, memref<128xi8>, memref<128xi32>, index) -> ()
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
    aie.runtime_sequence @sequence(%lhs: memref<256xi8>, %weights: memref<128xi8>, %result: memref<128xi32>) {
      aiex.npu.dma_memcpy_nd(%lhs[0, 0, 0, 0][1, 1, 1, 256][0, 0, 0, 1]) {id = 0 : i64, issue_token = true, metadata = @a_l3_0} : memref<256xi8>
      aiex.npu.dma_memcpy_nd(%weights[0, 0, 0, 0][1, 1, 1, 128][0, 0, 0, 1]) {id = 4 : i64, issue_token = true, metadata = @b_l3_0} : memref<128xi8>
      aiex.npu.dma_memcpy_nd(%result[0, 0, 0, 0][1, 1, 1, 128][0, 0, 0, 1]) {id = 8 : i64, issue_token = true, metadata = @c_l3_0} : memref<128xi32>
      aiex.npu.dma_wait {symbol = @a_l3_0}
      aiex.npu.dma_wait {symbol = @b_l3_0}
      aiex.npu.dma_wait {symbol = @c_l3_0}
    }
  }
}
