// for mlir-air of August 2026 (e972f29): offsets, sizes and strides are operands, and attributes say so
module {
  "air.channel"() <{sym_name = "host_inputs", size = [1, 1]}> : () -> ()
  "air.channel"() <{sym_name = "host_filters", size = [2, 1]}> : () -> ()
  "air.channel"() <{sym_name = "inputs", size = [1, 1]}> {broadcast_shape = [2, 1]} : () -> ()
  "air.channel"() <{sym_name = "filters", size = [2, 1]}> : () -> ()
  "air.channel"() <{sym_name = "results", size = [2, 1]}> : () -> ()
  "air.channel"() <{sym_name = "host_results", size = [1, 1]}> : () -> ()
  func.func @conv(%arg0: memref<288xi8>, %arg1: memref<576xi8>, %arg2: memref<128xi32>) {
    %c_1 = arith.constant 1 : index
    "air.launch"(%c_1, %arg0, %arg1, %arg2) <{operandSegmentSizes = array<i32: 0, 1, 3>, sym_name = "launch_0"}> ({
    ^bb0(%id_2: index, %size_3: index, %m_4: memref<288xi8>, %m_5: memref<576xi8>, %m_6: memref<128xi32>):
      %c_7 = arith.constant 0 : index
      %c_8 = arith.constant 1 : index
      %c_9 = arith.constant 288 : index
      "air.channel.put"(%c_7, %c_7, %m_4, %c_7, %c_7, %c_7, %c_7, %c_8, %c_8, %c_8, %c_9, %c_7, %c_7, %c_7, %c_8) <{chan_name = @host_inputs, static_src_offsets = array<i64: -9223372036854775808, -9223372036854775808, -9223372036854775808, -9223372036854775808>, static_src_sizes = array<i64: -9223372036854775808, -9223372036854775808, -9223372036854775808, -9223372036854775808>, static_src_strides = array<i64: -9223372036854775808, -9223372036854775808, -9223372036854775808, -9223372036854775808>, operandSegmentSizes = array<i32: 0, 2, 1, 4, 4, 4, 0>}> : (index, index, memref<288xi8>, index, index, index, index, index, index, index, index, index, index, index, index) -> ()
      "air.channel.put"(%c_7, %c_7, %m_5, %c_7, %c_7, %c_7, %c_7, %c_8, %c_8, %c_8, %c_9, %c_7, %c_7, %c_7, %c_8) <{chan_name = @host_filters, static_src_offsets = array<i64: -9223372036854775808, -9223372036854775808, -9223372036854775808, -9223372036854775808>, static_src_sizes = array<i64: -9223372036854775808, -9223372036854775808, -9223372036854775808, -9223372036854775808>, static_src_strides = array<i64: -9223372036854775808, -9223372036854775808, -9223372036854775808, -9223372036854775808>, operandSegmentSizes = array<i32: 0, 2, 1, 4, 4, 4, 0>}> : (index, index, memref<576xi8>, index, index, index, index, index, index, index, index, index, index, index, index) -> ()
      "air.channel.put"(%c_8, %c_7, %m_5, %c_7, %c_7, %c_7, %c_9, %c_8, %c_8, %c_8, %c_9, %c_7, %c_7, %c_7, %c_8) <{chan_name = @host_filters, static_src_offsets = array<i64: -9223372036854775808, -9223372036854775808, -9223372036854775808, -9223372036854775808>, static_src_sizes = array<i64: -9223372036854775808, -9223372036854775808, -9223372036854775808, -9223372036854775808>, static_src_strides = array<i64: -9223372036854775808, -9223372036854775808, -9223372036854775808, -9223372036854775808>, operandSegmentSizes = array<i32: 0, 2, 1, 4, 4, 4, 0>}> : (index, index, memref<576xi8>, index, index, index, index, index, index, index, index, index, index, index, index) -> ()
      "air.segment"() <{operandSegmentSizes = array<i32: 0, 0, 0>, sym_name = "segment_0"}> ({
      ^bb0():
        %m_10 = memref.alloc() : memref<288xi8, 1>
        %m_11 = memref.alloc() : memref<288xi8, 1>
        %m_12 = memref.alloc() : memref<288xi8, 1>
        %m_13 = memref.alloc() : memref<64xi32, 1>
        %m_14 = memref.alloc() : memref<64xi32, 1>
        %c_15 = arith.constant 0 : index
        %c_16 = arith.constant 1 : index
        %c_17 = arith.constant 1 : index
        scf.for %step_18 = %c_15 to %c_16 step %c_17 {
          %c_19 = arith.constant 0 : index
          "air.channel.get"(%c_19, %c_19, %m_10) <{chan_name = @host_filters, static_dst_offsets = array<i64>, static_dst_sizes = array<i64>, static_dst_strides = array<i64>, operandSegmentSizes = array<i32: 0, 2, 1, 0, 0, 0>}> : (index, index, memref<288xi8, 1>) -> ()
          "air.channel.put"(%c_19, %c_19, %m_10) <{chan_name = @filters, static_src_offsets = array<i64>, static_src_sizes = array<i64>, static_src_strides = array<i64>, operandSegmentSizes = array<i32: 0, 2, 1, 0, 0, 0, 0>}> : (index, index, memref<288xi8, 1>) -> ()
          %c_20 = arith.constant 1 : index
          "air.channel.get"(%c_20, %c_19, %m_11) <{chan_name = @host_filters, static_dst_offsets = array<i64>, static_dst_sizes = array<i64>, static_dst_strides = array<i64>, operandSegmentSizes = array<i32: 0, 2, 1, 0, 0, 0>}> : (index, index, memref<288xi8, 1>) -> ()
          "air.channel.put"(%c_20, %c_19, %m_11) <{chan_name = @filters, static_src_offsets = array<i64>, static_src_sizes = array<i64>, static_src_strides = array<i64>, operandSegmentSizes = array<i32: 0, 2, 1, 0, 0, 0, 0>}> : (index, index, memref<288xi8, 1>) -> ()
        }
        %c_21 = arith.constant 0 : index
        %c_22 = arith.constant 1 : index
        %c_23 = arith.constant 1 : index
        scf.for %turn_24 = %c_21 to %c_22 step %c_23 {
          %c_25 = arith.constant 0 : index
          "air.channel.get"(%c_25, %c_25, %m_12) <{chan_name = @host_inputs, static_dst_offsets = array<i64>, static_dst_sizes = array<i64>, static_dst_strides = array<i64>, operandSegmentSizes = array<i32: 0, 2, 1, 0, 0, 0>}> : (index, index, memref<288xi8, 1>) -> ()
          "air.channel.put"(%c_25, %c_25, %m_12) <{chan_name = @inputs, static_src_offsets = array<i64>, static_src_sizes = array<i64>, static_src_strides = array<i64>, operandSegmentSizes = array<i32: 0, 2, 1, 0, 0, 0, 0>}> : (index, index, memref<288xi8, 1>) -> ()
        }
        %c_26 = arith.constant 2 : index
        %c_27 = arith.constant 1 : index
        "air.herd"(%c_26, %c_27) <{operandSegmentSizes = array<i32: 0, 2, 0>, sym_name = "herd_0"}> ({
        ^bb0(%id_28: index, %id_29: index, %size_30: index, %size_31: index):
          %c_32 = arith.constant 0 : index
          %c_33 = arith.constant 1 : index
          %c_34 = arith.constant 1 : index
          scf.for %trip_35 = %c_32 to %c_33 step %c_34 {
            %m_36 = memref.alloc() : memref<4x4x4xi32, 2>
            %k_37 = arith.constant 0 : i32
            linalg.fill ins(%k_37 : i32) outs(%m_36 : memref<4x4x4xi32, 2>)
            %c_38 = arith.constant 0 : index
            %c_39 = arith.constant 1 : index
            %c_40 = arith.constant 1 : index
            scf.for %step_41 = %c_38 to %c_39 step %c_40 {
              %m_42 = memref.alloc() : memref<4x3x3x8xi8, 2>
              "air.channel.get"(%id_28, %id_29, %m_42) <{chan_name = @filters, static_dst_offsets = array<i64>, static_dst_sizes = array<i64>, static_dst_strides = array<i64>, operandSegmentSizes = array<i32: 0, 2, 1, 0, 0, 0>}> : (index, index, memref<4x3x3x8xi8, 2>) -> ()
              %m_43 = memref.alloc() : memref<6x6x8xi8, 2>
              "air.channel.get"(%id_28, %id_29, %m_43) <{chan_name = @inputs, static_dst_offsets = array<i64>, static_dst_sizes = array<i64>, static_dst_strides = array<i64>, operandSegmentSizes = array<i32: 0, 2, 1, 0, 0, 0>}> : (index, index, memref<6x6x8xi8, 2>) -> ()
              linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3, d4, d5) -> (d0 + d3, d1 + d4, d5)>, affine_map<(d0, d1, d2, d3, d4, d5) -> (d2, d3, d4, d5)>, affine_map<(d0, d1, d2, d3, d4, d5) -> (d0, d1, d2)>], iterator_types = ["parallel", "parallel", "parallel", "reduction", "reduction", "reduction"]} ins(%m_43, %m_42 : memref<6x6x8xi8, 2>, memref<4x3x3x8xi8, 2>) outs(%m_36 : memref<4x4x4xi32, 2>) {
              ^bb0(%v_44: i8, %v_45: i8, %v_46: i32):
                %e_47 = arith.extsi %v_44 : i8 to i32
                %e_48 = arith.extsi %v_45 : i8 to i32
                %e_49 = arith.muli %e_47, %e_48 : i32
                %e_50 = arith.addi %v_46, %e_49 : i32
                linalg.yield %e_50 : i32
              }
              memref.dealloc %m_43 : memref<6x6x8xi8, 2>
              memref.dealloc %m_42 : memref<4x3x3x8xi8, 2>
            }
            %m_51 = memref.alloc() : memref<4x4x4xi32, 2>
            linalg.generic {indexing_maps = [affine_map<(d0, d1, d2) -> (d0, d1, d2)>, affine_map<(d0, d1, d2) -> (d0, d1, d2)>], iterator_types = ["parallel", "parallel", "parallel"]} ins(%m_36 : memref<4x4x4xi32, 2>) outs(%m_51 : memref<4x4x4xi32, 2>) {
            ^bb0(%x_52: i32, %x_53: i32):
              linalg.yield %x_52 : i32
            }
            "air.channel.put"(%id_28, %id_29, %m_51) <{chan_name = @results, static_src_offsets = array<i64>, static_src_sizes = array<i64>, static_src_strides = array<i64>, operandSegmentSizes = array<i32: 0, 2, 1, 0, 0, 0, 0>}> : (index, index, memref<4x4x4xi32, 2>) -> ()
            memref.dealloc %m_36 : memref<4x4x4xi32, 2>
            memref.dealloc %m_51 : memref<4x4x4xi32, 2>
          }
          "air.herd_terminator"() : () -> ()
        }) : (index, index) -> ()
        %c_54 = arith.constant 0 : index
        %c_55 = arith.constant 1 : index
        %c_56 = arith.constant 1 : index
        scf.for %trip_57 = %c_54 to %c_55 step %c_56 {
          %c_58 = arith.constant 0 : index
          "air.channel.get"(%c_58, %c_58, %m_13) <{chan_name = @results, static_dst_offsets = array<i64>, static_dst_sizes = array<i64>, static_dst_strides = array<i64>, operandSegmentSizes = array<i32: 0, 2, 1, 0, 0, 0>}> : (index, index, memref<64xi32, 1>) -> ()
          "air.channel.put"(%c_58, %c_58, %m_13) <{chan_name = @host_results, static_src_offsets = array<i64>, static_src_sizes = array<i64>, static_src_strides = array<i64>, operandSegmentSizes = array<i32: 0, 2, 1, 0, 0, 0, 0>}> : (index, index, memref<64xi32, 1>) -> ()
          %c_59 = arith.constant 1 : index
          "air.channel.get"(%c_59, %c_58, %m_14) <{chan_name = @results, static_dst_offsets = array<i64>, static_dst_sizes = array<i64>, static_dst_strides = array<i64>, operandSegmentSizes = array<i32: 0, 2, 1, 0, 0, 0>}> : (index, index, memref<64xi32, 1>) -> ()
          "air.channel.put"(%c_58, %c_58, %m_14) <{chan_name = @host_results, static_src_offsets = array<i64>, static_src_sizes = array<i64>, static_src_strides = array<i64>, operandSegmentSizes = array<i32: 0, 2, 1, 0, 0, 0, 0>}> : (index, index, memref<64xi32, 1>) -> ()
        }
        memref.dealloc %m_10 : memref<288xi8, 1>
        memref.dealloc %m_11 : memref<288xi8, 1>
        memref.dealloc %m_12 : memref<288xi8, 1>
        memref.dealloc %m_13 : memref<64xi32, 1>
        memref.dealloc %m_14 : memref<64xi32, 1>
        "air.segment_terminator"() : () -> ()
      }) : () -> ()
      %c_60 = arith.constant 2 : index
      %c_61 = arith.constant 16 : index
      %c_62 = arith.constant 4 : index
      %c_63 = arith.constant 8 : index
      "air.channel.get"(%c_7, %c_7, %m_6, %c_7, %c_7, %c_7, %c_7, %c_8, %c_60, %c_61, %c_62, %c_7, %c_62, %c_63, %c_8) <{chan_name = @host_results, static_dst_offsets = array<i64: -9223372036854775808, -9223372036854775808, -9223372036854775808, -9223372036854775808>, static_dst_sizes = array<i64: -9223372036854775808, -9223372036854775808, -9223372036854775808, -9223372036854775808>, static_dst_strides = array<i64: -9223372036854775808, -9223372036854775808, -9223372036854775808, -9223372036854775808>, operandSegmentSizes = array<i32: 0, 2, 1, 4, 4, 4>}> : (index, index, memref<128xi32>, index, index, index, index, index, index, index, index, index, index, index, index) -> ()
      "air.launch_terminator"() : () -> ()
    }) : (index, memref<288xi8>, memref<576xi8>, memref<128xi32>) -> ()
    return
  }
}
