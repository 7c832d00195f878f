module {
  aie.device(npu2) {
    %shim_0 = aie.tile(0, 0)
    %mem_0 = aie.tile(0, 1)
    %core_0_0 = aie.tile(0, 2)
    aie.objectfifo @b_l3_0(%shim_0, {%mem_0}, 2 : i32) : !aie.objectfifo<memref<192xi8>>
    aie.objectfifo @b_l1_0(%mem_0, {%core_0_0}, [2, 2]) : !aie.objectfifo<memref<192xi8>>
    aie.objectfifo.link [@b_l3_0] -> [@b_l1_0] ([] [])
    aie.objectfifo @c_l1_0_0(%core_0_0, {%mem_0}, 2 : i32) : !aie.objectfifo<memref<128xi32>>
    aie.objectfifo @c_l3_0(%mem_0 dimensionsToStream [<size = 2, stride = 64>, <size = 8, stride = 8>, <size = 1, stride = 64>, <size = 8, stride = 1>], {%shim_0}, 2 : i32) : !aie.objectfifo<memref<128xi32>>
    aie.objectfifo.link [@c_l1_0_0] -> [@c_l3_0] ([] [])
    aie.objectfifo @a_l3_0(%shim_0, {%mem_0}, 2 : i32) : !aie.objectfifo<memref<256xi8>>
    aie.objectfifo @a_l1_0(%mem_0 dimensionsToStream [<size = 2, stride = 8>, <size = 16, stride = 16>, <size = 8, stride = 1>], {%core_0_0}, 2 : i32) : !aie.objectfifo<memref<256xi8>>
    aie.objectfifo.link [@a_l3_0] -> [@a_l1_0] ([] [])
    %acc_0_0 = aie.buffer(%core_0_0) {sym_name = "acc_0_0"} : memref<128xi32>
    %parameters_0_0 = aie.buffer(%core_0_0) {sym_name = "parameters_0_0"} : memref<16xi32>
    func.func private @llvm.aie2p.I512.I512.ACC2048.mac.conf(vector<16xi32>, vector<32xi16>, vector<32xi64>, i32) -> vector<32xi64>
    func.func private @take(%b: memref<192xi8>, %parameters: memref<16xi32>) {
      %c_1 = arith.constant 128 : index
      %c_2 = arith.constant 0 : index
      %v_3 = vector.load %b[%c_1] {alignment = 32 : i64} : memref<192xi8>, vector<64xi8>
      %v_4 = vector.bitcast %v_3 : vector<64xi8> to vector<16xi32>
      vector.store %v_4, %parameters[%c_2] {alignment = 32 : i64} : memref<16xi32>, vector<16xi32>
      return
    }
    func.func private @start(%a: memref<256xi8>, %b: memref<192xi8>, %c: memref<128xi32>, %q: index) {
      %c_1 = arith.constant 776 : i32
      %c_2 = arith.constant 777 : i32
      %c_3 = arith.constant 128 : index
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
        %acc_22 = arith.constant dense<0> : vector<32xi64>
        %b_23 = vector.load %b[%i_21] {alignment = 32 : i64} : memref<192xi8>, vector<64xi8>
        %v_24 = vector.bitcast %b_23 : vector<64xi8> to vector<32xi16>
        %a_25 = vector.load %a[%i_20] {alignment = 32 : i64} : memref<256xi8>, vector<64xi8>
        %v_26 = vector.bitcast %a_25 : vector<64xi8> to vector<16xi32>
        %y_27 = func.call @llvm.aie2p.I512.I512.ACC2048.mac.conf(%v_26, %v_24, %acc_22, %c_2) : (vector<16xi32>, vector<32xi16>, vector<32xi64>, i32) -> vector<32xi64>
        %c_28 = arith.constant 64 : index
        %i_29 = arith.addi %i_21, %c_28 : index
        %b_30 = vector.load %b[%i_29] {alignment = 32 : i64} : memref<192xi8>, vector<64xi8>
        %v_31 = vector.bitcast %b_30 : vector<64xi8> to vector<32xi16>
        %c_32 = arith.constant 128 : index
        %i_33 = arith.addi %i_20, %c_32 : index
        %a_34 = vector.load %a[%i_33] {alignment = 32 : i64} : memref<256xi8>, vector<64xi8>
        %v_35 = vector.bitcast %a_34 : vector<64xi8> to vector<16xi32>
        %y_36 = func.call @llvm.aie2p.I512.I512.ACC2048.mac.conf(%v_35, %v_31, %y_27, %c_1) : (vector<16xi32>, vector<32xi16>, vector<32xi64>, i32) -> vector<32xi64>
        %v_37 = vector.bitcast %y_36 : vector<32xi64> to vector<64xi32>
        vector.store %v_37, %c[%i_19] {alignment = 32 : i64} : memref<128xi32>, vector<64xi32>
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
      %c_3 = arith.constant 9223372036854775807 : index
      scf.for %call_4 = %c_1 to %c_3 step %c_2 {
        %s_5 = aie.objectfifo.acquire @b_l1_0(Consume, 1) : !aie.objectfifosubview<memref<192xi8>>
        %o_6 = aie.objectfifo.subview.access %s_5[0] : !aie.objectfifosubview<memref<192xi8>> -> memref<192xi8>
        func.call @take(%o_6, %parameters_0_0) : (memref<192xi8>, memref<16xi32>) -> ()
        %c_7 = arith.constant 0 : index
        %n_8 = memref.load %parameters_0_0[%c_7] : memref<16xi32>
        %n_9 = arith.index_cast %n_8 : i32 to index
        %c_10 = arith.constant 1 : index
        %n_11 = memref.load %parameters_0_0[%c_10] : memref<16xi32>
        %n_12 = arith.index_cast %n_11 : i32 to index
        %c_13 = arith.constant 1 : index
        scf.for %t_14 = %c_1 to %n_12 step %c_2 {
          %s_15 = aie.objectfifo.acquire @a_l1_0(Consume, 1) : !aie.objectfifosubview<memref<256xi8>>
          %o_16 = aie.objectfifo.subview.access %s_15[0] : !aie.objectfifosubview<memref<256xi8>> -> memref<256xi8>
          func.call @start(%o_16, %o_6, %acc_0_0, %c_1) : (memref<256xi8>, memref<192xi8>, memref<128xi32>, index) -> ()
          aie.objectfifo.release @a_l1_0(Consume, 1)
          %s_17 = aie.objectfifo.acquire @c_l1_0_0(Produce, 1) : !aie.objectfifosubview<memref<128xi32>>
          %o_18 = aie.objectfifo.subview.access %s_17[0] : !aie.objectfifosubview<memref<128xi32>> -> memref<128xi32>
          func.call @finish(%acc_0_0, %o_18) : (memref<128xi32>, memref<128xi32>) -> ()
          aie.objectfifo.release @c_l1_0_0(Produce, 1)
        }
        aie.objectfifo.release @b_l1_0(Consume, 1)
        scf.for %p_19 = %c_2 to %n_9 step %c_2 {
          %s_20 = aie.objectfifo.acquire @b_l1_0(Consume, 1) : !aie.objectfifosubview<memref<192xi8>>
          %o_21 = aie.objectfifo.subview.access %s_20[0] : !aie.objectfifosubview<memref<192xi8>> -> memref<192xi8>
          scf.for %t_22 = %c_1 to %n_12 step %c_2 {
            %s_23 = aie.objectfifo.acquire @a_l1_0(Consume, 1) : !aie.objectfifosubview<memref<256xi8>>
            %o_24 = aie.objectfifo.subview.access %s_23[0] : !aie.objectfifosubview<memref<256xi8>> -> memref<256xi8>
            func.call @start(%o_24, %o_21, %acc_0_0, %c_1) : (memref<256xi8>, memref<192xi8>, memref<128xi32>, index) -> ()
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
    aie.runtime_sequence @sequence(%lhs: memref<256xi8>, %weights: memref<192xi8>, %result: memref<128xi32>) {
      aiex.npu.dma_memcpy_nd(%lhs[0, 0, 0, 0][1, 1, 1, 256][0, 0, 0, 1]) {id = 0 : i64, issue_token = true, metadata = @a_l3_0} : memref<256xi8>
      aiex.npu.dma_memcpy_nd(%weights[0, 0, 0, 0][1, 1, 1, 192][0, 0, 0, 1]) {id = 4 : i64, issue_token = true, metadata = @b_l3_0} : memref<192xi8>
      aiex.npu.dma_memcpy_nd(%result[0, 0, 0, 0][1, 1, 1, 128][0, 0, 0, 1]) {id = 8 : i64, issue_token = true, metadata = @c_l3_0} : memref<128xi32>
      aiex.npu.dma_wait {symbol = @a_l3_0}
      aiex.npu.dma_wait {symbol = @b_l3_0}
      aiex.npu.dma_wait {symbol = @c_l3_0}
    }
  }
}
