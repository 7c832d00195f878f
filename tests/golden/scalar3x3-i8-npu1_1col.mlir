module {
  aie.device(npu1_1col) {
    %shim_0 = aie.tile(0, 0)
    %mem_0 = aie.tile(0, 1)
    %core_0_0 = aie.tile(0, 2)
    %core_0_1 = aie.tile(0, 3)
    aie.objectfifo @b_l3_0(%shim_0, {%mem_0}, 2 : i32) : !aie.objectfifo<memref<704xi8>>
    aie.objectfifo @b_l1_0(%mem_0, {%core_0_0}, [2, 1]) : !aie.objectfifo<memref<352xi8>>
    aie.objectfifo @b_l1_1(%mem_0, {%core_0_1}, [2, 1]) : !aie.objectfifo<memref<352xi8>>
    aie.objectfifo.link [@b_l3_0] -> [@b_l1_0, @b_l1_1] ([] [0, 352])
    aie.objectfifo @c_l1_0_0(%core_0_0, {%mem_0}, 2 : i32) : !aie.objectfifo<memref<64xi32>>
    aie.objectfifo @c_l1_0_1(%core_0_1, {%mem_0}, 2 : i32) : !aie.objectfifo<memref<64xi32>>
    aie.objectfifo @c_l3_0(%mem_0, {%shim_0}, 2 : i32) : !aie.objectfifo<memref<128xi32>>
    aie.objectfifo.link [@c_l1_0_0, @c_l1_0_1] -> [@c_l3_0] ([0, 64] [])
    aie.objectfifo @a_l3_0(%shim_0, {%mem_0}, 2 : i32) : !aie.objectfifo<memref<288xi8>>
    aie.objectfifo @a_l1_0(%mem_0, {%core_0_0, %core_0_1}, 2 : i32) : !aie.objectfifo<memref<288xi8>>
    aie.objectfifo.link [@a_l3_0] -> [@a_l1_0] ([] [])
    %acc_0_0 = aie.buffer(%core_0_0) {sym_name = "acc_0_0"} : memref<64xi32>
    %parameters_0_0 = aie.buffer(%core_0_0) {sym_name = "parameters_0_0"} : memref<16xi32>
    %acc_0_1 = aie.buffer(%core_0_1) {sym_name = "acc_0_1"} : memref<64xi32>
    %parameters_0_1 = aie.buffer(%core_0_1) {sym_name = "parameters_0_1"} : memref<16xi32>
    func.func private @take(%b: memref<352xi8>, %parameters: memref<16xi32>) {
      %c_1 = arith.constant 288 : index
      %c_2 = arith.constant 0 : index
      %v_3 = vector.load %b[%c_1] {alignment = 32 : i64} : memref<352xi8>, vector<64xi8>
      %v_4 = vector.bitcast %v_3 : vector<64xi8> to vector<16xi32>
      vector.store %v_4, %parameters[%c_2] {alignment = 32 : i64} : memref<16xi32>, vector<16xi32>
      return
    }
    func.func private @start(%a: memref<288xi8>, %b: memref<352xi8>, %c: memref<64xi32>, %q: index) {
      %c_1 = arith.constant 288 : index
      %i_2 = arith.muli %q, %c_1 : index
      %c_3 = arith.constant 0 : index
      %c_4 = arith.constant 0 : index
      %z_5 = arith.constant 0 : i32
      %c_6 = arith.constant 0 : index
      %c_7 = arith.constant 4 : index
      %c_8 = arith.constant 1 : index
      scf.for %y_9 = %c_6 to %c_7 step %c_8 {
        %c_10 = arith.constant 48 : index
        %i_11 = arith.muli %y_9, %c_10 : index
        %i_12 = arith.addi %c_3, %i_11 : index
        %c_13 = arith.constant 16 : index
        %i_14 = arith.muli %y_9, %c_13 : index
        %i_15 = arith.addi %c_4, %i_14 : index
        %c_16 = arith.constant 0 : index
        %c_17 = arith.constant 4 : index
        %c_18 = arith.constant 1 : index
        scf.for %x_19 = %c_16 to %c_17 step %c_18 {
          %c_20 = arith.constant 8 : index
          %i_21 = arith.muli %x_19, %c_20 : index
          %i_22 = arith.addi %i_12, %i_21 : index
          %c_23 = arith.constant 4 : index
          %i_24 = arith.muli %x_19, %c_23 : index
          %i_25 = arith.addi %i_15, %i_24 : index
          %c_26 = arith.constant 0 : index
          %c_27 = arith.constant 4 : index
          %c_28 = arith.constant 4 : index
          scf.for %n_29 = %c_26 to %c_27 step %c_28 {
            %c_30 = arith.constant 72 : index
            %i_31 = arith.muli %n_29, %c_30 : index
            %i_32 = arith.addi %i_2, %i_31 : index
            %c_33 = arith.constant 1 : index
            %i_34 = arith.muli %n_29, %c_33 : index
            %i_35 = arith.addi %i_25, %i_34 : index
            %c_36 = arith.constant 1 : index
            %i_37 = arith.addi %i_35, %c_36 : index
            %c_38 = arith.constant 2 : index
            %i_39 = arith.addi %i_35, %c_38 : index
            %c_40 = arith.constant 3 : index
            %i_41 = arith.addi %i_35, %c_40 : index
            %c_42 = arith.constant 0 : index
            %c_43 = arith.constant 3 : index
            %c_44 = arith.constant 1 : index
            %sum_50:4 = scf.for %ky_45 = %c_42 to %c_43 step %c_44 iter_args(%x_46 = %z_5, %x_47 = %z_5, %x_48 = %z_5, %x_49 = %z_5) -> (i32, i32, i32, i32) {
              %c_51 = arith.constant 48 : index
              %i_52 = arith.muli %ky_45, %c_51 : index
              %i_53 = arith.addi %i_22, %i_52 : index
              %c_54 = arith.constant 24 : index
              %i_55 = arith.muli %ky_45, %c_54 : index
              %i_56 = arith.addi %i_32, %i_55 : index
              %c_57 = arith.constant 0 : index
              %c_58 = arith.constant 3 : index
              %c_59 = arith.constant 1 : index
              %sum_65:4 = scf.for %kx_60 = %c_57 to %c_58 step %c_59 iter_args(%x_61 = %x_46, %x_62 = %x_47, %x_63 = %x_48, %x_64 = %x_49) -> (i32, i32, i32, i32) {
                %c_66 = arith.constant 8 : index
                %i_67 = arith.muli %kx_60, %c_66 : index
                %i_68 = arith.addi %i_53, %i_67 : index
                %c_69 = arith.constant 8 : index
                %i_70 = arith.muli %kx_60, %c_69 : index
                %i_71 = arith.addi %i_56, %i_70 : index
                %c_72 = arith.constant 0 : index
                %c_73 = arith.constant 8 : index
                %c_74 = arith.constant 1 : index
                %sum_80:4 = scf.for %k_75 = %c_72 to %c_73 step %c_74 iter_args(%x_76 = %x_61, %x_77 = %x_62, %x_78 = %x_63, %x_79 = %x_64) -> (i32, i32, i32, i32) {
                  %c_81 = arith.constant 1 : index
                  %i_82 = arith.muli %k_75, %c_81 : index
                  %i_83 = arith.addi %i_68, %i_82 : index
                  %c_84 = arith.constant 1 : index
                  %i_85 = arith.muli %k_75, %c_84 : index
                  %i_86 = arith.addi %i_71, %i_85 : index
                  %v_87 = memref.load %a[%i_83] : memref<288xi8>
                  %v_88 = memref.load %b[%i_86] : memref<352xi8>
                  %e_89 = arith.extsi %v_87 : i8 to i32
                  %e_90 = arith.extsi %v_88 : i8 to i32
                  %e_91 = arith.muli %e_89, %e_90 : i32
                  %e_92 = arith.addi %x_76, %e_91 : i32
                  %c_93 = arith.constant 72 : index
                  %i_94 = arith.addi %i_86, %c_93 : index
                  %v_95 = memref.load %b[%i_94] : memref<352xi8>
                  %e_96 = arith.extsi %v_87 : i8 to i32
                  %e_97 = arith.extsi %v_95 : i8 to i32
                  %e_98 = arith.muli %e_96, %e_97 : i32
                  %e_99 = arith.addi %x_77, %e_98 : i32
                  %c_100 = arith.constant 144 : index
                  %i_101 = arith.addi %i_86, %c_100 : index
                  %v_102 = memref.load %b[%i_101] : memref<352xi8>
                  %e_103 = arith.extsi %v_87 : i8 to i32
                  %e_104 = arith.extsi %v_102 : i8 to i32
                  %e_105 = arith.muli %e_103, %e_104 : i32
                  %e_106 = arith.addi %x_78, %e_105 : i32
                  %c_107 = arith.constant 216 : index
                  %i_108 = arith.addi %i_86, %c_107 : index
                  %v_109 = memref.load %b[%i_108] : memref<352xi8>
                  %e_110 = arith.extsi %v_87 : i8 to i32
                  %e_111 = arith.extsi %v_109 : i8 to i32
                  %e_112 = arith.muli %e_110, %e_111 : i32
                  %e_113 = arith.addi %x_79, %e_112 : i32
                  scf.yield %e_92, %e_99, %e_106, %e_113 : i32, i32, i32, i32
                }
                scf.yield %sum_80#0, %sum_80#1, %sum_80#2, %sum_80#3 : i32, i32, i32, i32
              }
              scf.yield %sum_65#0, %sum_65#1, %sum_65#2, %sum_65#3 : i32, i32, i32, i32
            }
            memref.store %sum_50#0, %c[%i_35] : memref<64xi32>
            memref.store %sum_50#1, %c[%i_37] : memref<64xi32>
            memref.store %sum_50#2, %c[%i_39] : memref<64xi32>
            memref.store %sum_50#3, %c[%i_41] : memref<64xi32>
          }
        }
      }
      return
    }
    func.func private @finish(%acc: memref<64xi32>, %out: memref<64xi32>) {
      %c_1 = arith.constant 0 : index
      %c_2 = arith.constant 1 : index
      %c_3 = arith.constant 4 : index
      scf.for %n_4 = %c_1 to %c_3 step %c_2 {
        %c_5 = arith.constant 1 : index
        scf.for %y_6 = %c_1 to %c_5 step %c_2 {
          %c_7 = arith.constant 16 : index
          scf.for %x_8 = %c_1 to %c_7 step %c_2 {
            %c_9 = arith.constant 16 : index
            %i_10 = arith.muli %y_6, %c_9 : index
            %i_11 = arith.addi %i_10, %x_8 : index
            %c_12 = arith.constant 4 : index
            %i_13 = arith.muli %i_11, %c_12 : index
            %i_14 = arith.addi %i_13, %n_4 : index
            %acc_15 = memref.load %acc[%i_14] : memref<64xi32>
            memref.store %acc_15, %out[%i_14] : memref<64xi32>
          }
        }
      }
      return
    }
    %program_0_0 = aie.core(%core_0_0) {
      %c_1 = arith.constant 0 : index
      %c_2 = arith.constant 1 : index
      %c_3 = arith.constant 9223372036854775807 : index
      scf.for %call_4 = %c_1 to %c_3 step %c_2 {
        %s_5 = aie.objectfifo.acquire @b_l1_0(Consume, 1) : !aie.objectfifosubview<memref<352xi8>>
        %o_6 = aie.objectfifo.subview.access %s_5[0] : !aie.objectfifosubview<memref<352xi8>> -> memref<352xi8>
        func.call @take(%o_6, %parameters_0_0) : (memref<352xi8>, memref<16xi32>) -> ()
        %c_7 = arith.constant 0 : index
        %n_8 = memref.load %parameters_0_0[%c_7] : memref<16xi32>
        %n_9 = arith.index_cast %n_8 : i32 to index
        %c_10 = arith.constant 1 : index
        %n_11 = memref.load %parameters_0_0[%c_10] : memref<16xi32>
        %n_12 = arith.index_cast %n_11 : i32 to index
        %c_13 = arith.constant 1 : index
        scf.for %t_14 = %c_1 to %n_12 step %c_2 {
          %s_15 = aie.objectfifo.acquire @a_l1_0(Consume, 1) : !aie.objectfifosubview<memref<288xi8>>
          %o_16 = aie.objectfifo.subview.access %s_15[0] : !aie.objectfifosubview<memref<288xi8>> -> memref<288xi8>
          func.call @start(%o_16, %o_6, %acc_0_0, %c_1) : (memref<288xi8>, memref<352xi8>, memref<64xi32>, index) -> ()
          aie.objectfifo.release @a_l1_0(Consume, 1)
          %s_17 = aie.objectfifo.acquire @c_l1_0_0(Produce, 1) : !aie.objectfifosubview<memref<64xi32>>
          %o_18 = aie.objectfifo.subview.access %s_17[0] : !aie.objectfifosubview<memref<64xi32>> -> memref<64xi32>
          func.call @finish(%acc_0_0, %o_18) : (memref<64xi32>, memref<64xi32>) -> ()
          aie.objectfifo.release @c_l1_0_0(Produce, 1)
        }
        aie.objectfifo.release @b_l1_0(Consume, 1)
        scf.for %p_19 = %c_2 to %n_9 step %c_2 {
          %s_20 = aie.objectfifo.acquire @b_l1_0(Consume, 1) : !aie.objectfifosubview<memref<352xi8>>
          %o_21 = aie.objectfifo.subview.access %s_20[0] : !aie.objectfifosubview<memref<352xi8>> -> memref<352xi8>
          scf.for %t_22 = %c_1 to %n_12 step %c_2 {
            %s_23 = aie.objectfifo.acquire @a_l1_0(Consume, 1) : !aie.objectfifosubview<memref<288xi8>>
            %o_24 = aie.objectfifo.subview.access %s_23[0] : !aie.objectfifosubview<memref<288xi8>> -> memref<288xi8>
            func.call @start(%o_24, %o_21, %acc_0_0, %c_1) : (memref<288xi8>, memref<352xi8>, memref<64xi32>, index) -> ()
            aie.objectfifo.release @a_l1_0(Consume, 1)
            %s_25 = aie.objectfifo.acquire @c_l1_0_0(Produce, 1) : !aie.objectfifosubview<memref<64xi32>>
            %o_26 = aie.objectfifo.subview.access %s_25[0] : !aie.objectfifosubview<memref<64xi32>> -> memref<64xi32>
            func.call @finish(%acc_0_0, %o_26) : (memref<64xi32>, memref<64xi32>) -> ()
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
        %s_31 = aie.objectfifo.acquire @b_l1_1(Consume, 1) : !aie.objectfifosubview<memref<352xi8>>
        %o_32 = aie.objectfifo.subview.access %s_31[0] : !aie.objectfifosubview<memref<352xi8>> -> memref<352xi8>
        func.call @take(%o_32, %parameters_0_1) : (memref<352xi8>, memref<16xi32>) -> ()
        %c_33 = arith.constant 0 : index
        %n_34 = memref.load %parameters_0_1[%c_33] : memref<16xi32>
        %n_35 = arith.index_cast %n_34 : i32 to index
        %c_36 = arith.constant 1 : index
        %n_37 = memref.load %parameters_0_1[%c_36] : memref<16xi32>
        %n_38 = arith.index_cast %n_37 : i32 to index
        %c_39 = arith.constant 1 : index
        scf.for %t_40 = %c_27 to %n_38 step %c_28 {
          %s_41 = aie.objectfifo.acquire @a_l1_0(Consume, 1) : !aie.objectfifosubview<memref<288xi8>>
          %o_42 = aie.objectfifo.subview.access %s_41[0] : !aie.objectfifosubview<memref<288xi8>> -> memref<288xi8>
          func.call @start(%o_42, %o_32, %acc_0_1, %c_27) : (memref<288xi8>, memref<352xi8>, memref<64xi32>, index) -> ()
          aie.objectfifo.release @a_l1_0(Consume, 1)
          %s_43 = aie.objectfifo.acquire @c_l1_0_1(Produce, 1) : !aie.objectfifosubview<memref<64xi32>>
          %o_44 = aie.objectfifo.subview.access %s_43[0] : !aie.objectfifosubview<memref<64xi32>> -> memref<64xi32>
          func.call @finish(%acc_0_1, %o_44) : (memref<64xi32>, memref<64xi32>) -> ()
          aie.objectfifo.release @c_l1_0_1(Produce, 1)
        }
        aie.objectfifo.release @b_l1_1(Consume, 1)
        scf.for %p_45 = %c_28 to %n_35 step %c_28 {
          %s_46 = aie.objectfifo.acquire @b_l1_1(Consume, 1) : !aie.objectfifosubview<memref<352xi8>>
          %o_47 = aie.objectfifo.subview.access %s_46[0] : !aie.objectfifosubview<memref<352xi8>> -> memref<352xi8>
          scf.for %t_48 = %c_27 to %n_38 step %c_28 {
            %s_49 = aie.objectfifo.acquire @a_l1_0(Consume, 1) : !aie.objectfifosubview<memref<288xi8>>
            %o_50 = aie.objectfifo.subview.access %s_49[0] : !aie.objectfifosubview<memref<288xi8>> -> memref<288xi8>
            func.call @start(%o_50, %o_47, %acc_0_1, %c_27) : (memref<288xi8>, memref<352xi8>, memref<64xi32>, index) -> ()
            aie.objectfifo.release @a_l1_0(Consume, 1)
            %s_51 = aie.objectfifo.acquire @c_l1_0_1(Produce, 1) : !aie.objectfifosubview<memref<64xi32>>
            %o_52 = aie.objectfifo.subview.access %s_51[0] : !aie.objectfifosubview<memref<64xi32>> -> memref<64xi32>
            func.call @finish(%acc_0_1, %o_52) : (memref<64xi32>, memref<64xi32>) -> ()
            aie.objectfifo.release @c_l1_0_1(Produce, 1)
          }
          aie.objectfifo.release @b_l1_1(Consume, 1)
        }
      }
      aie.end
    } {dynamic_objfifo_lowering = true, stack_size = 2048 : i32}
    aie.runtime_sequence @sequence(%lhs: memref<288xi8>, %weights: memref<704xi8>, %result: memref<128xi32>) {
      aiex.npu.dma_memcpy_nd(%lhs[0, 0, 0, 0][1, 1, 1, 288][0, 0, 0, 1]) {id = 0 : i64, issue_token = true, metadata = @a_l3_0} : memref<288xi8>
      aiex.npu.dma_memcpy_nd(%weights[0, 0, 0, 0][1, 1, 1, 704][0, 0, 0, 1]) {id = 4 : i64, issue_token = true, metadata = @b_l3_0} : memref<704xi8>
      aiex.npu.dma_memcpy_nd(%result[0, 0, 0, 0][1, 2, 16, 4][0, 4, 8, 1]) {id = 8 : i64, issue_token = true, metadata = @c_l3_0} : memref<128xi32>
      aiex.npu.dma_wait {symbol = @a_l3_0}
      aiex.npu.dma_wait {symbol = @b_l3_0}
      aiex.npu.dma_wait {symbol = @c_l3_0}
    }
  }
}
