module {
  aie.device(npu2) {
    %shim_0 = aie.tile(0, 0)
    %mem_0 = aie.tile(0, 1)
    %core_0_0 = aie.tile(0, 2)
    aie.objectfifo @b_l3_0(%shim_0, {%mem_0}, 2 : i32) : !aie.objectfifo<memref<128xbf16>>
    aie.objectfifo @b_l1_0(%mem_0, {%core_0_0}, [2, 2]) : !aie.objectfifo<memref<128xbf16>>
    aie.objectfifo.link [@b_l3_0] -> [@b_l1_0] ([] [])
    aie.objectfifo @c_l1_0_0(%core_0_0, {%mem_0}, 2 : i32) : !aie.objectfifo<memref<128xf32>>
    aie.objectfifo @c_l3_0(%mem_0 dimensionsToStream [<size = 2, stride = 64>, <size = 8, stride = 8>, <size = 1, stride = 64>, <size = 8, stride = 1>], {%shim_0}, 2 : i32) : !aie.objectfifo<memref<128xf32>>
    aie.objectfifo.link [@c_l1_0_0] -> [@c_l3_0] ([] [])
    aie.objectfifo @a_l3_0(%shim_0, {%mem_0}, 2 : i32) : !aie.objectfifo<memref<256xbf16>>
    aie.objectfifo @a_l1_0(%mem_0 dimensionsToStream [<size = 2, stride = 8>, <size = 16, stride = 16>, <size = 8, stride = 1>], {%core_0_0}, 2 : i32) : !aie.objectfifo<memref<256xbf16>>
    aie.objectfifo.link [@a_l3_0] -> [@a_l1_0] ([] [])
    %acc_0_0 = aie.buffer(%core_0_0) {sym_name = "acc_0_0"} : memref<128xf32>
    %parameters_0_0 = aie.buffer(%core_0_0) {sym_name = "parameters_0_0"} : memref<16xi32>
    func.func private @llvm.aie2p.v32bf16.to.v32accfloat(vector<32xbf16>) -> vector<32xf32>
    func.func private @llvm.aie2p.v64accfloat.to.v64bfp16ebs8(vector<64xf32>) -> (vector<64xi8>, vector<8xi8>)
    func.func private @llvm.aie2p.BFP576.BFP576.ACC2048.mac.conf(vector<64xi8>, vector<8xi8>, vector<64xi8>, vector<8xi8>, vector<64xi32>, i32) -> vector<64xi32>
    func.func private @take(%b: memref<128xbf16>, %parameters: memref<16xi32>) {
      %c_1 = arith.constant 96 : index
      %c_2 = arith.constant 0 : index
      %v_3 = vector.load %b[%c_1] {alignment = 32 : i64} : memref<128xbf16>, vector<32xbf16>
      %v_4 = vector.bitcast %v_3 : vector<32xbf16> to vector<16xi32>
      vector.store %v_4, %parameters[%c_2] {alignment = 32 : i64} : memref<16xi32>, vector<16xi32>
      return
    }
    func.func private @start(%a: memref<256xbf16>, %b: memref<128xbf16>, %c: memref<128xf32>, %q: index) {
      %c_1 = arith.constant 780 : i32
      %c_2 = arith.constant 781 : i32
      %c_3 = arith.constant 84 : index
      %i_4 = arith.muli %q, %c_3 : index
      %c_5 = arith.constant 64 : index
      %i_6 = arith.addi %i_4, %c_5 : index
      %c_7 = arith.constant 96 : index
      %i_8 = arith.muli %q, %c_7 : index
      %c_9 = arith.constant 0 : index
      %c_10 = arith.constant 0 : index
      %c_11 = arith.constant 0 : index
      %i_12 = arith.addi %c_10, %i_8 : index
      %c_13 = arith.constant 0 : index
      %c_14 = arith.constant 0 : index
      %c_15 = arith.constant 0 : index
      %i_16 = arith.addi %c_13, %c_9 : index
      %i_17 = arith.addi %c_14, %i_12 : index
      %c_18 = arith.constant 64 : index
      %i_19 = arith.addi %c_15, %c_18 : index
      %acc_20 = arith.constant dense<0> : vector<64xi32>
      %c_21 = arith.constant 3 : index
      %i_22 = arith.shrui %i_17, %c_21 : index
      %i_23 = arith.addi %i_22, %i_6 : index
      %b_24 = vector.load %b[%i_17] {alignment = 32 : i64} : memref<128xbf16>, vector<32xbf16>
      %e_25 = vector.load %b[%i_23] {alignment = 4 : i64} : memref<128xbf16>, vector<4xbf16>
      %v_26 = vector.bitcast %b_24 : vector<32xbf16> to vector<64xi8>
      %v_27 = vector.bitcast %e_25 : vector<4xbf16> to vector<8xi8>
      %a_28 = vector.load %a[%i_16] {alignment = 32 : i64} : memref<256xbf16>, vector<32xbf16>
      %w_29 = func.call @llvm.aie2p.v32bf16.to.v32accfloat(%a_28) : (vector<32xbf16>) -> vector<32xf32>
      %c_30 = arith.constant 32 : index
      %i_31 = arith.addi %i_16, %c_30 : index
      %a_32 = vector.load %a[%i_31] {alignment = 32 : i64} : memref<256xbf16>, vector<32xbf16>
      %w_33 = func.call @llvm.aie2p.v32bf16.to.v32accfloat(%a_32) : (vector<32xbf16>) -> vector<32xf32>
      %v_34 = vector.shuffle %w_29, %w_33 [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63] : vector<32xf32>, vector<32xf32>
      %x_35:2 = func.call @llvm.aie2p.v64accfloat.to.v64bfp16ebs8(%v_34) : (vector<64xf32>) -> (vector<64xi8>, vector<8xi8>)
      %c_36 = arith.constant 64 : index
      %i_37 = arith.addi %i_16, %c_36 : index
      %a_38 = vector.load %a[%i_37] {alignment = 32 : i64} : memref<256xbf16>, vector<32xbf16>
      %w_39 = func.call @llvm.aie2p.v32bf16.to.v32accfloat(%a_38) : (vector<32xbf16>) -> vector<32xf32>
      %c_40 = arith.constant 32 : index
      %i_41 = arith.addi %i_37, %c_40 : index
      %a_42 = vector.load %a[%i_41] {alignment = 32 : i64} : memref<256xbf16>, vector<32xbf16>
      %w_43 = func.call @llvm.aie2p.v32bf16.to.v32accfloat(%a_42) : (vector<32xbf16>) -> vector<32xf32>
      %v_44 = vector.shuffle %w_39, %w_43 [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63] : vector<32xf32>, vector<32xf32>
      %x_45:2 = func.call @llvm.aie2p.v64accfloat.to.v64bfp16ebs8(%v_44) : (vector<64xf32>) -> (vector<64xi8>, vector<8xi8>)
      %y_46 = func.call @llvm.aie2p.BFP576.BFP576.ACC2048.mac.conf(%x_35#0, %x_35#1, %v_26, %v_27, %acc_20, %c_2) : (vector<64xi8>, vector<8xi8>, vector<64xi8>, vector<8xi8>, vector<64xi32>, i32) -> vector<64xi32>
      %y_47 = func.call @llvm.aie2p.BFP576.BFP576.ACC2048.mac.conf(%x_45#0, %x_45#1, %v_26, %v_27, %acc_20, %c_2) : (vector<64xi8>, vector<8xi8>, vector<64xi8>, vector<8xi8>, vector<64xi32>, i32) -> vector<64xi32>
      %c_48 = arith.constant 32 : index
      %i_49 = arith.addi %i_17, %c_48 : index
      %b_50 = vector.load %b[%i_49] {alignment = 32 : i64} : memref<128xbf16>, vector<32xbf16>
      %c_51 = arith.constant 4 : index
      %i_52 = arith.addi %i_23, %c_51 : index
      %e_53 = vector.load %b[%i_52] {alignment = 4 : i64} : memref<128xbf16>, vector<4xbf16>
      %v_54 = vector.bitcast %b_50 : vector<32xbf16> to vector<64xi8>
      %v_55 = vector.bitcast %e_53 : vector<4xbf16> to vector<8xi8>
      %c_56 = arith.constant 128 : index
      %i_57 = arith.addi %i_16, %c_56 : index
      %a_58 = vector.load %a[%i_57] {alignment = 32 : i64} : memref<256xbf16>, vector<32xbf16>
      %w_59 = func.call @llvm.aie2p.v32bf16.to.v32accfloat(%a_58) : (vector<32xbf16>) -> vector<32xf32>
      %c_60 = arith.constant 32 : index
      %i_61 = arith.addi %i_57, %c_60 : index
      %a_62 = vector.load %a[%i_61] {alignment = 32 : i64} : memref<256xbf16>, vector<32xbf16>
      %w_63 = func.call @llvm.aie2p.v32bf16.to.v32accfloat(%a_62) : (vector<32xbf16>) -> vector<32xf32>
      %v_64 = vector.shuffle %w_59, %w_63 [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63] : vector<32xf32>, vector<32xf32>
      %x_65:2 = func.call @llvm.aie2p.v64accfloat.to.v64bfp16ebs8(%v_64) : (vector<64xf32>) -> (vector<64xi8>, vector<8xi8>)
      %c_66 = arith.constant 192 : index
      %i_67 = arith.addi %i_16, %c_66 : index
      %a_68 = vector.load %a[%i_67] {alignment = 32 : i64} : memref<256xbf16>, vector<32xbf16>
      %w_69 = func.call @llvm.aie2p.v32bf16.to.v32accfloat(%a_68) : (vector<32xbf16>) -> vector<32xf32>
      %c_70 = arith.constant 32 : index
      %i_71 = arith.addi %i_67, %c_70 : index
      %a_72 = vector.load %a[%i_71] {alignment = 32 : i64} : memref<256xbf16>, vector<32xbf16>
      %w_73 = func.call @llvm.aie2p.v32bf16.to.v32accfloat(%a_72) : (vector<32xbf16>) -> vector<32xf32>
      %v_74 = vector.shuffle %w_69, %w_73 [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63] : vector<32xf32>, vector<32xf32>
      %x_75:2 = func.call @llvm.aie2p.v64accfloat.to.v64bfp16ebs8(%v_74) : (vector<64xf32>) -> (vector<64xi8>, vector<8xi8>)
      %y_76 = func.call @llvm.aie2p.BFP576.BFP576.ACC2048.mac.conf(%x_65#0, %x_65#1, %v_54, %v_55, %y_46, %c_1) : (vector<64xi8>, vector<8xi8>, vector<64xi8>, vector<8xi8>, vector<64xi32>, i32) -> vector<64xi32>
      %y_77 = func.call @llvm.aie2p.BFP576.BFP576.ACC2048.mac.conf(%x_75#0, %x_75#1, %v_54, %v_55, %y_47, %c_1) : (vector<64xi8>, vector<8xi8>, vector<64xi8>, vector<8xi8>, vector<64xi32>, i32) -> vector<64xi32>
      %v_78 = vector.bitcast %y_76 : vector<64xi32> to vector<64xf32>
      vector.store %v_78, %c[%c_15] {alignment = 32 : i64} : memref<128xf32>, vector<64xf32>
      %v_79 = vector.bitcast %y_77 : vector<64xi32> to vector<64xf32>
      vector.store %v_79, %c[%i_19] {alignment = 32 : i64} : memref<128xf32>, vector<64xf32>
      return
    }
    func.func private @finish(%acc: memref<128xf32>, %out: memref<128xf32>) {
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
          %acc_13 = vector.load %acc[%i_12] {alignment = 32 : i64} : memref<128xf32>, vector<64xf32>
          vector.store %acc_13, %out[%i_12] {alignment = 32 : i64} : memref<128xf32>, vector<64xf32>
        }
      }
      return
    }
    %program_0_0 = aie.core(%core_0_0) {
      %c_1 = arith.constant 0 : index
      %c_2 = arith.constant 1 : index
      %c_3 = arith.constant 9223372036854775807 : index
      scf.for %call_4 = %c_1 to %c_3 step %c_2 {
        %s_5 = aie.objectfifo.acquire @b_l1_0(Consume, 1) : !aie.objectfifosubview<memref<128xbf16>>
        %o_6 = aie.objectfifo.subview.access %s_5[0] : !aie.objectfifosubview<memref<128xbf16>> -> memref<128xbf16>
        func.call @take(%o_6, %parameters_0_0) : (memref<128xbf16>, memref<16xi32>) -> ()
        %c_7 = arith.constant 0 : index
        %n_8 = memref.load %parameters_0_0[%c_7] : memref<16xi32>
        %n_9 = arith.index_cast %n_8 : i32 to index
        %c_10 = arith.constant 1 : index
        %n_11 = memref.load %parameters_0_0[%c_10] : memref<16xi32>
        %n_12 = arith.index_cast %n_11 : i32 to index
        %c_13 = arith.constant 1 : index
        scf.for %t_14 = %c_1 to %n_12 step %c_2 {
          %s_15 = aie.objectfifo.acquire @a_l1_0(Consume, 1) : !aie.objectfifosubview<memref<256xbf16>>
          %o_16 = aie.objectfifo.subview.access %s_15[0] : !aie.objectfifosubview<memref<256xbf16>> -> memref<256xbf16>
          func.call @start(%o_16, %o_6, %acc_0_0, %c_1) : (memref<256xbf16>, memref<128xbf16>, memref<128xf32>, index) -> ()
          aie.objectfifo.release @a_l1_0(Consume, 1)
          %s_17 = aie.objectfifo.acquire @c_l1_0_0(Produce, 1) : !aie.objectfifosubview<memref<128xf32>>
          %o_18 = aie.objectfifo.subview.access %s_17[0] : !aie.objectfifosubview<memref<128xf32>> -> memref<128xf32>
          func.call @finish(%acc_0_0, %o_18) : (memref<128xf32>, memref<128xf32>) -> ()
          aie.objectfifo.release @c_l1_0_0(Produce, 1)
        }
        aie.objectfifo.release @b_l1_0(Consume, 1)
        scf.for %p_19 = %c_2 to %n_9 step %c_2 {
          %s_20 = aie.objectfifo.acquire @b_l1_0(Consume, 1) : !aie.objectfifosubview<memref<128xbf16>>
          %o_21 = aie.objectfifo.subview.access %s_20[0] : !aie.objectfifosubview<memref<128xbf16>> -> memref<128xbf16>
          scf.for %t_22 = %c_1 to %n_12 step %c_2 {
            %s_23 = aie.objectfifo.acquire @a_l1_0(Consume, 1) : !aie.objectfifosubview<memref<256xbf16>>
            %o_24 = aie.objectfifo.subview.access %s_23[0] : !aie.objectfifosubview<memref<256xbf16>> -> memref<256xbf16>
            func.call @start(%o_24, %o_21, %acc_0_0, %c_1) : (memref<256xbf16>, memref<128xbf16>, memref<128xf32>, index) -> ()
            aie.objectfifo.release @a_l1_0(Consume, 1)
            %s_25 = aie.objectfifo.acquire @c_l1_0_0(Produce, 1) : !aie.objectfifosubview<memref<128xf32>>
            %o_26 = aie.objectfifo.subview.access %s_25[0] : !aie.objectfifosubview<memref<128xf32>> -> memref<128xf32>
            func.call @finish(%acc_0_0, %o_26) : (memref<128xf32>, memref<128xf32>) -> ()
            aie.objectfifo.release @c_l1_0_0(Produce, 1)
          }
          aie.objectfifo.release @b_l1_0(Consume, 1)
        }
      }
      aie.end
    } {dynamic_objfifo_lowering = true, stack_size = 2048 : i32}
    aie.runtime_sequence @sequence(%lhs: memref<256xbf16>, %weights: memref<128xbf16>, %result: memref<128xf32>) {
      aiex.npu.dma_memcpy_nd(%lhs[0, 0, 0, 0][1, 1, 1, 256][0, 0, 0, 1]) {id = 0 : i64, issue_token = true, metadata = @a_l3_0} : memref<256xbf16>
      aiex.npu.dma_memcpy_nd(%weights[0, 0, 0, 0][1, 1, 1, 128][0, 0, 0, 1]) {id = 4 : i64, issue_token = true, metadata = @b_l3_0} : memref<128xbf16>
      aiex.npu.dma_memcpy_nd(%result[0, 0, 0, 0][1, 1, 1, 128][0, 0, 0, 1]) {id = 8 : i64, issue_token = true, metadata = @c_l3_0} : memref<128xf32>
      aiex.npu.dma_wait {symbol = @a_l3_0}
      aiex.npu.dma_wait {symbol = @b_l3_0}
      aiex.npu.dma_wait {symbol = @c_l3_0}
    }
  }
}
