module {
  aie.device(npu1_1col) {
    %shim_0 = aie.tile(0, 0)
    %mem_0 = aie.tile(0, 1)
    %core_0_0 = aie.tile(0, 2)
    %core_0_1 = aie.tile(0, 3)
    aie.objectfifo @a_l3_0(%shim_0, {%mem_0}, 2 : i32) : !aie.objectfifo<memref<288xi8>>
    aie.objectfifo @a_l1_0(%mem_0, {%core_0_0, %core_0_1}, 2 : i32) : !aie.objectfifo<memref<288xi8>>
    aie.objectfifo.link [@a_l3_0] -> [@a_l1_0] ([] [])
    aie.objectfifo @b_l3_0(%shim_0, {%mem_0}, 2 : i32) : !aie.objectfifo<memref<576xi8>>
    aie.objectfifo @b_l1_0(%mem_0, {%core_0_0}, [2, 2]) : !aie.objectfifo<memref<288xi8>>
    aie.objectfifo @b_l1_1(%mem_0, {%core_0_1}, [2, 2]) : !aie.objectfifo<memref<288xi8>>
    aie.objectfifo.link [@b_l3_0] -> [@b_l1_0, @b_l1_1] ([] [0, 288])
    aie.objectfifo @c_l1_0_0(%core_0_0, {%mem_0}, 2 : i32) : !aie.objectfifo<memref<64xi32>>
    aie.objectfifo @c_l1_0_1(%core_0_1, {%mem_0}, 2 : i32) : !aie.objectfifo<memref<64xi32>>
    aie.objectfifo @c_l3_0(%mem_0, {%shim_0}, 2 : i32) : !aie.objectfifo<memref<128xi32>>
    aie.objectfifo.link [@c_l1_0_0, @c_l1_0_1] -> [@c_l3_0] ([0, 64] [])
    %acc_0_0 = aie.buffer(%core_0_0) {sym_name = "acc_0_0"} : memref<64xi32>
    %acc_0_1 = aie.buffer(%core_0_1) {sym_name = "acc_0_1"} : memref<64xi32>
    func.func private @clear(%c: memref<64xi32>) {
      %c_1 = arith.constant 0 : index
      %c_2 = arith.constant 64 : index
      %c_3 = arith.constant 16 : index
      %v_4 = arith.constant dense<0> : vector<16xi32>
      scf.for %i_5 = %c_1 to %c_2 step %c_3 {
        vector.store %v_4, %c[%i_5] {alignment = 32 : i64} : memref<64xi32>, vector<16xi32>
      }
      return
    }
    func.func private @multiply(%a: memref<288xi8>, %b: memref<288xi8>, %c: memref<64xi32>, %q: index) {
      %c_1 = arith.constant 288 : index
      %i_2 = arith.muli %q, %c_1 : index
      %c_3 = arith.constant 0 : index
      %c_4 = arith.constant 0 : index
      %c_5 = arith.constant 0 : index
      %c_6 = arith.constant 4 : index
      %c_7 = arith.constant 1 : index
      scf.for %y_8 = %c_5 to %c_6 step %c_7 {
        %c_9 = arith.constant 48 : index
        %i_10 = arith.muli %y_8, %c_9 : index
        %i_11 = arith.addi %c_3, %i_10 : index
        %c_12 = arith.constant 16 : index
        %i_13 = arith.muli %y_8, %c_12 : index
        %i_14 = arith.addi %c_4, %i_13 : index
        %c_15 = arith.constant 0 : index
        %c_16 = arith.constant 4 : index
        %c_17 = arith.constant 1 : index
        scf.for %x_18 = %c_15 to %c_16 step %c_17 {
          %c_19 = arith.constant 8 : index
          %i_20 = arith.muli %x_18, %c_19 : index
          %i_21 = arith.addi %i_11, %i_20 : index
          %c_22 = arith.constant 4 : index
          %i_23 = arith.muli %x_18, %c_22 : index
          %i_24 = arith.addi %i_14, %i_23 : index
          %c_25 = arith.constant 0 : index
          %c_26 = arith.constant 4 : index
          %c_27 = arith.constant 4 : index
          scf.for %n_28 = %c_25 to %c_26 step %c_27 {
            %c_29 = arith.constant 72 : index
            %i_30 = arith.muli %n_28, %c_29 : index
            %i_31 = arith.addi %i_2, %i_30 : index
            %c_32 = arith.constant 1 : index
            %i_33 = arith.muli %n_28, %c_32 : index
            %i_34 = arith.addi %i_24, %i_33 : index
            %c_35 = arith.constant 1 : index
            %i_36 = arith.addi %i_34, %c_35 : index
            %c_37 = arith.constant 2 : index
            %i_38 = arith.addi %i_34, %c_37 : index
            %c_39 = arith.constant 3 : index
            %i_40 = arith.addi %i_34, %c_39 : index
            %acc_41 = memref.load %c[%i_34] : memref<64xi32>
            %acc_42 = memref.load %c[%i_36] : memref<64xi32>
            %acc_43 = memref.load %c[%i_38] : memref<64xi32>
            %acc_44 = memref.load %c[%i_40] : memref<64xi32>
            %c_45 = arith.constant 0 : index
            %c_46 = arith.constant 3 : index
            %c_47 = arith.constant 1 : index
            %sum_53:4 = scf.for %ky_48 = %c_45 to %c_46 step %c_47 iter_args(%x_49 = %acc_41, %x_50 = %acc_42, %x_51 = %acc_43, %x_52 = %acc_44) -> (i32, i32, i32, i32) {
              %c_54 = arith.constant 48 : index
              %i_55 = arith.muli %ky_48, %c_54 : index
              %i_56 = arith.addi %i_21, %i_55 : index
              %c_57 = arith.constant 24 : index
              %i_58 = arith.muli %ky_48, %c_57 : index
              %i_59 = arith.addi %i_31, %i_58 : index
              %c_60 = arith.constant 0 : index
              %c_61 = arith.constant 3 : index
              %c_62 = arith.constant 1 : index
              %sum_68:4 = scf.for %kx_63 = %c_60 to %c_61 step %c_62 iter_args(%x_64 = %x_49, %x_65 = %x_50, %x_66 = %x_51, %x_67 = %x_52) -> (i32, i32, i32, i32) {
                %c_69 = arith.constant 8 : index
                %i_70 = arith.muli %kx_63, %c_69 : index
                %i_71 = arith.addi %i_56, %i_70 : index
                %c_72 = arith.constant 8 : index
                %i_73 = arith.muli %kx_63, %c_72 : index
                %i_74 = arith.addi %i_59, %i_73 : index
                %c_75 = arith.constant 0 : index
                %c_76 = arith.constant 8 : index
                %c_77 = arith.constant 1 : index
                %sum_83:4 = scf.for %k_78 = %c_75 to %c_76 step %c_77 iter_args(%x_79 = %x_64, %x_80 = %x_65, %x_81 = %x_66, %x_82 = %x_67) -> (i32, i32, i32, i32) {
                  %c_84 = arith.constant 1 : index
                  %i_85 = arith.muli %k_78, %c_84 : index
                  %i_86 = arith.addi %i_71, %i_85 : index
                  %c_87 = arith.constant 1 : index
                  %i_88 = arith.muli %k_78, %c_87 : index
                  %i_89 = arith.addi %i_74, %i_88 : index
                  %v_90 = memref.load %a[%i_86] : memref<288xi8>
                  %v_91 = memref.load %b[%i_89] : memref<288xi8>
                  %e_92 = arith.extsi %v_90 : i8 to i32
                  %e_93 = arith.extsi %v_91 : i8 to i32
                  %e_94 = arith.muli %e_92, %e_93 : i32
                  %e_95 = arith.addi %x_79, %e_94 : i32
                  %c_96 = arith.constant 72 : index
                  %i_97 = arith.addi %i_89, %c_96 : index
                  %v_98 = memref.load %b[%i_97] : memref<288xi8>
                  %e_99 = arith.extsi %v_90 : i8 to i32
                  %e_100 = arith.extsi %v_98 : i8 to i32
                  %e_101 = arith.muli %e_99, %e_100 : i32
                  %e_102 = arith.addi %x_80, %e_101 : i32
                  %c_103 = arith.constant 144 : index
                  %i_104 = arith.addi %i_89, %c_103 : index
                  %v_105 = memref.load %b[%i_104] : memref<288xi8>
                  %e_106 = arith.extsi %v_90 : i8 to i32
                  %e_107 = arith.extsi %v_105 : i8 to i32
                  %e_108 = arith.muli %e_106, %e_107 : i32
                  %e_109 = arith.addi %x_81, %e_108 : i32
                  %c_110 = arith.constant 216 : index
                  %i_111 = arith.addi %i_89, %c_110 : index
                  %v_112 = memref.load %b[%i_111] : memref<288xi8>
                  %e_113 = arith.extsi %v_90 : i8 to i32
                  %e_114 = arith.extsi %v_112 : i8 to i32
                  %e_115 = arith.muli %e_113, %e_114 : i32
                  %e_116 = arith.addi %x_82, %e_115 : i32
                  scf.yield %e_95, %e_102, %e_109, %e_116 : i32, i32, i32, i32
                }
                scf.yield %sum_83#0, %sum_83#1, %sum_83#2, %sum_83#3 : i32, i32, i32, i32
              }
              scf.yield %sum_68#0, %sum_68#1, %sum_68#2, %sum_68#3 : i32, i32, i32, i32
            }
            memref.store %sum_53#0, %c[%i_34] : memref<64xi32>
            memref.store %sum_53#1, %c[%i_36] : memref<64xi32>
            memref.store %sum_53#2, %c[%i_38] : memref<64xi32>
            memref.store %sum_53#3, %c[%i_40] : memref<64xi32>
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
      %c_3 = arith.constant 1 : index
      %c_4 = arith.constant 1 : index
      %c_5 = arith.constant 1 : index
      %c_6 = arith.constant 9223372036854775807 : index
      scf.for %call_7 = %c_1 to %c_6 step %c_2 {
        scf.for %p_8 = %c_1 to %c_3 step %c_2 {
          %s_9 = aie.objectfifo.acquire @b_l1_0(Consume, 1) : !aie.objectfifosubview<memref<288xi8>>
          %o_10 = aie.objectfifo.subview.access %s_9[0] : !aie.objectfifosubview<memref<288xi8>> -> memref<288xi8>
          scf.for %t_11 = %c_1 to %c_4 step %c_2 {
            func.call @clear(%acc_0_0) : (memref<64xi32>) -> ()
            scf.for %q_12 = %c_1 to %c_5 step %c_2 {
              %s_13 = aie.objectfifo.acquire @a_l1_0(Consume, 1) : !aie.objectfifosubview<memref<288xi8>>
              %o_14 = aie.objectfifo.subview.access %s_13[0] : !aie.objectfifosubview<memref<288xi8>> -> memref<288xi8>
              func.call @multiply(%o_14, %o_10, %acc_0_0, %q_12) : (memref<288xi8>, memref<288xi8>, memref<64xi32>, index) -> ()
              aie.objectfifo.release @a_l1_0(Consume, 1)
            }
            %s_15 = aie.objectfifo.acquire @c_l1_0_0(Produce, 1) : !aie.objectfifosubview<memref<64xi32>>
            %o_16 = aie.objectfifo.subview.access %s_15[0] : !aie.objectfifosubview<memref<64xi32>> -> memref<64xi32>
            func.call @finish(%acc_0_0, %o_16) : (memref<64xi32>, memref<64xi32>) -> ()
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
      %c_20 = arith.constant 1 : index
      %c_21 = arith.constant 1 : index
      %c_22 = arith.constant 9223372036854775807 : index
      scf.for %call_23 = %c_17 to %c_22 step %c_18 {
        scf.for %p_24 = %c_17 to %c_19 step %c_18 {
          %s_25 = aie.objectfifo.acquire @b_l1_1(Consume, 1) : !aie.objectfifosubview<memref<288xi8>>
          %o_26 = aie.objectfifo.subview.access %s_25[0] : !aie.objectfifosubview<memref<288xi8>> -> memref<288xi8>
          scf.for %t_27 = %c_17 to %c_20 step %c_18 {
            func.call @clear(%acc_0_1) : (memref<64xi32>) -> ()
            scf.for %q_28 = %c_17 to %c_21 step %c_18 {
              %s_29 = aie.objectfifo.acquire @a_l1_0(Consume, 1) : !aie.objectfifosubview<memref<288xi8>>
              %o_30 = aie.objectfifo.subview.access %s_29[0] : !aie.objectfifosubview<memref<288xi8>> -> memref<288xi8>
              func.call @multiply(%o_30, %o_26, %acc_0_1, %q_28) : (memref<288xi8>, memref<288xi8>, memref<64xi32>, index) -> ()
              aie.objectfifo.release @a_l1_0(Consume, 1)
            }
            %s_31 = aie.objectfifo.acquire @c_l1_0_1(Produce, 1) : !aie.objectfifosubview<memref<64xi32>>
            %o_32 = aie.objectfifo.subview.access %s_31[0] : !aie.objectfifosubview<memref<64xi32>> -> memref<64xi32>
            func.call @finish(%acc_0_1, %o_32) : (memref<64xi32>, memref<64xi32>) -> ()
            aie.objectfifo.release @c_l1_0_1(Produce, 1)
          }
          aie.objectfifo.release @b_l1_1(Consume, 1)
        }
      }
      aie.end
    } {dynamic_objfifo_lowering = true, stack_size = 2048 : i32}
    aie.runtime_sequence @sequence(%lhs: memref<288xi8>, %weights: memref<576xi8>, %result: memref<128xi32>) {
      aiex.npu.dma_memcpy_nd(%lhs[0, 0, 0, 0][1, 1, 1, 288][0, 0, 0, 1]) {id = 0 : i64, issue_token = true, metadata = @a_l3_0} : memref<288xi8>
      aiex.npu.dma_memcpy_nd(%weights[0, 0, 0, 0][1, 1, 1, 576][0, 0, 0, 1]) {id = 4 : i64, issue_token = true, metadata = @b_l3_0} : memref<576xi8>
      aiex.npu.dma_memcpy_nd(%result[0, 0, 0, 0][1, 2, 16, 4][0, 4, 8, 1]) {id = 8 : i64, issue_token = true, metadata = @c_l3_0} : memref<128xi32>
      aiex.npu.dma_wait {symbol = @a_l3_0}
      aiex.npu.dma_wait {symbol = @b_l3_0}
      aiex.npu.dma_wait {symbol = @c_l3_0}
    }
  }
}
