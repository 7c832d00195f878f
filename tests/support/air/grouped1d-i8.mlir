#loop_annotation = #llvm.loop_annotation<mustProgress = true>
#map = affine_map<(d0, d1) -> (d0 + d1)>
module {
  aie.device(npu1) @segment_0 {
    %shim_noc_tile_2_0 = aie.tile(2, 0)
    %shim_noc_tile_0_0 = aie.tile(0, 0)
    %shim_noc_tile_1_0 = aie.tile(1, 0)
    %shim_noc_tile_3_0 = aie.tile(3, 0)
    %mem_tile_0_1 = aie.tile(0, 1)
    %mem_tile_1_1 = aie.tile(1, 1)
    %mem_tile_2_1 = aie.tile(2, 1)
    %mem_tile_3_1 = aie.tile(3, 1)
    %tile_0_2 = aie.tile(0, 2)
    %tile_0_3 = aie.tile(0, 3)
    %lock_3_1 = aie.lock(%mem_tile_3_1, 3) {init = 1 : i32}
    %lock_3_1_0 = aie.lock(%mem_tile_3_1, 2) {init = 0 : i32}
    %lock_3_1_1 = aie.lock(%mem_tile_3_1, 1) {init = 1 : i32}
    %lock_3_1_2 = aie.lock(%mem_tile_3_1, 0) {init = 0 : i32}
    %lock_2_1 = aie.lock(%mem_tile_2_1, 1) {init = 1 : i32}
    %lock_2_1_3 = aie.lock(%mem_tile_2_1, 0) {init = 0 : i32}
    %lock_1_1 = aie.lock(%mem_tile_1_1, 1) {init = 1 : i32}
    %lock_1_1_4 = aie.lock(%mem_tile_1_1, 0) {init = 0 : i32}
    %lock_0_1 = aie.lock(%mem_tile_0_1, 1) {init = 1 : i32}
    %lock_0_1_5 = aie.lock(%mem_tile_0_1, 0) {init = 0 : i32}
    %lock_0_2 = aie.lock(%tile_0_2, 5) {init = 1 : i32}
    %lock_0_2_6 = aie.lock(%tile_0_2, 4) {init = 0 : i32}
    %lock_0_2_7 = aie.lock(%tile_0_2, 3) {init = 1 : i32}
    %lock_0_2_8 = aie.lock(%tile_0_2, 2) {init = 0 : i32}
    %lock_0_2_9 = aie.lock(%tile_0_2, 1) {init = 1 : i32}
    %lock_0_2_10 = aie.lock(%tile_0_2, 0) {init = 0 : i32}
    %lock_0_3 = aie.lock(%tile_0_3, 5) {init = 1 : i32}
    %lock_0_3_11 = aie.lock(%tile_0_3, 4) {init = 0 : i32}
    %lock_0_3_12 = aie.lock(%tile_0_3, 3) {init = 1 : i32}
    %lock_0_3_13 = aie.lock(%tile_0_3, 2) {init = 0 : i32}
    %lock_0_3_14 = aie.lock(%tile_0_3, 1) {init = 1 : i32}
    %lock_0_3_15 = aie.lock(%tile_0_3, 0) {init = 0 : i32}
    %buf14 = aie.buffer(%mem_tile_0_1) {sym_name = "buf14"} : memref<48xi8, 1> 
    %buf13 = aie.buffer(%mem_tile_1_1) {sym_name = "buf13"} : memref<48xi8, 1> 
    %buf12 = aie.buffer(%mem_tile_2_1) {sym_name = "buf12"} : memref<24xi8, 1> 
    %buf11 = aie.buffer(%mem_tile_3_1) {sym_name = "buf11"} : memref<16xi32, 1> 
    %buf10 = aie.buffer(%mem_tile_3_1) {sym_name = "buf10"} : memref<16xi32, 1> 
    %buf9 = aie.buffer(%tile_0_3) {sym_name = "buf9"} : memref<4x1x4xi32, 2> 
    %buf8 = aie.buffer(%tile_0_3) {sym_name = "buf8"} : memref<4x3x1x4xi8, 2> 
    %buf7 = aie.buffer(%tile_0_3) {sym_name = "buf7"} : memref<6x1x4xi8, 2> 
    %buf6 = aie.buffer(%tile_0_3) {sym_name = "buf6"} : memref<6x1x4xi8, 2> 
    %buf5 = aie.buffer(%tile_0_3) {sym_name = "buf5"} : memref<4x1x4xi32, 2> 
    %buf4 = aie.buffer(%tile_0_2) {sym_name = "buf4"} : memref<4x1x4xi32, 2> 
    %buf3 = aie.buffer(%tile_0_2) {sym_name = "buf3"} : memref<4x3x1x4xi8, 2> 
    %buf2 = aie.buffer(%tile_0_2) {sym_name = "buf2"} : memref<6x1x4xi8, 2> 
    %buf1 = aie.buffer(%tile_0_2) {sym_name = "buf1"} : memref<6x1x4xi8, 2> 
    %buf0 = aie.buffer(%tile_0_2) {sym_name = "buf0"} : memref<4x1x4xi32, 2> 
    %__air_external_buffer = aie.external_buffer {sym_name = "__air_external_buffer"} : memref<96xi8>
    %__air_external_buffer_1 = aie.external_buffer {sym_name = "__air_external_buffer_1"} : memref<128xi8>
    %__air_external_buffer_2 = aie.external_buffer {sym_name = "__air_external_buffer_2"} : memref<80xi32>
    %mem_0_3 = aie.mem(%tile_0_3) {
      %0 = aie.dma_start(MM2S, 0, ^bb1, ^bb3)
    ^bb1:  // 2 preds: ^bb0, ^bb1
      aie.use_lock(%lock_0_3_15, AcquireGreaterEqual, 1)
      aie.dma_bd(%buf5 : memref<4x1x4xi32, 2>, 0, 16) {task_id = 0 : i32}
      aie.use_lock(%lock_0_3_14, Release, 1)
      aie.next_bd ^bb1
    ^bb2:  // pred: ^bb5
      aie.end
    ^bb3:  // pred: ^bb0
      %1 = aie.dma_start(S2MM, 0, ^bb4, ^bb5)
    ^bb4:  // 2 preds: ^bb3, ^bb4
      aie.use_lock(%lock_0_3_12, AcquireGreaterEqual, 1)
      aie.dma_bd(%buf8 : memref<4x3x1x4xi8, 2>, 0, 48) {task_id = 0 : i32}
      aie.use_lock(%lock_0_3_13, Release, 1)
      aie.next_bd ^bb4
    ^bb5:  // pred: ^bb3
      %2 = aie.dma_start(S2MM, 1, ^bb6, ^bb2)
    ^bb6:  // 2 preds: ^bb5, ^bb6
      aie.use_lock(%lock_0_3, AcquireGreaterEqual, 1)
      aie.dma_bd(%buf6 : memref<6x1x4xi8, 2>, 0, 24) {task_id = 0 : i32}
      aie.use_lock(%lock_0_3_11, Release, 1)
      aie.next_bd ^bb6
    }
    %core_0_3 = aie.core(%tile_0_3) {
      %c6 = arith.constant 6 : index
      %c4 = arith.constant 4 : index
      %c0_i32 = arith.constant 0 : i32
      %c3 = arith.constant 3 : index
      %c2 = arith.constant 2 : index
      %c1 = arith.constant 1 : index
      %c0 = arith.constant 0 : index
      cf.br ^bb1
    ^bb1:  // 2 preds: ^bb0, ^bb1
      scf.for %arg0 = %c0 to %c3 step %c1 {
        aie.use_lock(%lock_0_3_14, AcquireGreaterEqual, 1)
        scf.for %arg1 = %c0 to %c4 step %c1 {
          scf.for %arg2 = %c0 to %c4 step %c1 {
            memref.store %c0_i32, %buf9[%arg1, %c0, %arg2] : memref<4x1x4xi32, 2>
          } {loop_annotation = #loop_annotation}
        } {loop_annotation = #loop_annotation}
        aie.use_lock(%lock_0_3_13, AcquireGreaterEqual, 1)
        scf.for %arg1 = %c0 to %c2 step %c1 {
          %0 = arith.cmpi eq, %arg1, %c1 : index
          aie.use_lock(%lock_0_3_11, AcquireGreaterEqual, 1)
          scf.for %arg2 = %c0 to %c6 step %c1 {
            scf.for %arg3 = %c0 to %c4 step %c1 {
              %1 = memref.load %buf6[%arg2, %c0, %arg3] : memref<6x1x4xi8, 2>
              %2 = memref.load %buf7[%arg2, %c0, %arg3] : memref<6x1x4xi8, 2>
              %3 = arith.select %0, %1, %2 : i8
              memref.store %3, %buf7[%arg2, %c0, %arg3] : memref<6x1x4xi8, 2>
            } {loop_annotation = #loop_annotation}
          } {loop_annotation = #loop_annotation}
          aie.use_lock(%lock_0_3, Release, 1)
        } {loop_annotation = #loop_annotation}
        scf.for %arg1 = %c0 to %c4 step %c1 {
          scf.for %arg2 = %c0 to %c4 step %c1 {
            scf.for %arg3 = %c0 to %c3 step %c1 {
              scf.for %arg4 = %c0 to %c4 step %c1 {
                %0 = affine.apply #map(%arg1, %arg3)
                %1 = memref.load %buf7[%0, %c0, %arg4] : memref<6x1x4xi8, 2>
                %2 = memref.load %buf8[%arg2, %arg3, %c0, %arg4] : memref<4x3x1x4xi8, 2>
                %3 = memref.load %buf9[%arg1, %c0, %arg2] : memref<4x1x4xi32, 2>
                %4 = arith.extsi %1 : i8 to i32
                %5 = arith.extsi %2 : i8 to i32
                %6 = arith.muli %4, %5 : i32
                %7 = arith.addi %3, %6 : i32
                memref.store %7, %buf9[%arg1, %c0, %arg2] : memref<4x1x4xi32, 2>
              } {loop_annotation = #loop_annotation}
            } {loop_annotation = #loop_annotation}
          } {loop_annotation = #loop_annotation}
        } {loop_annotation = #loop_annotation}
        aie.use_lock(%lock_0_3_12, Release, 1)
        scf.for %arg1 = %c0 to %c4 step %c1 {
          scf.for %arg2 = %c0 to %c4 step %c1 {
            %0 = memref.load %buf9[%arg1, %c0, %arg2] : memref<4x1x4xi32, 2>
            memref.store %0, %buf5[%arg1, %c0, %arg2] : memref<4x1x4xi32, 2>
          } {loop_annotation = #loop_annotation}
        } {loop_annotation = #loop_annotation}
        aie.use_lock(%lock_0_3_15, Release, 1)
      } {loop_annotation = #loop_annotation}
      cf.br ^bb1
    }
    %mem_0_2 = aie.mem(%tile_0_2) {
      %0 = aie.dma_start(MM2S, 0, ^bb1, ^bb3)
    ^bb1:  // 2 preds: ^bb0, ^bb1
      aie.use_lock(%lock_0_2_10, AcquireGreaterEqual, 1)
      aie.dma_bd(%buf0 : memref<4x1x4xi32, 2>, 0, 16) {task_id = 0 : i32}
      aie.use_lock(%lock_0_2_9, Release, 1)
      aie.next_bd ^bb1
    ^bb2:  // pred: ^bb5
      aie.end
    ^bb3:  // pred: ^bb0
      %1 = aie.dma_start(S2MM, 0, ^bb4, ^bb5)
    ^bb4:  // 2 preds: ^bb3, ^bb4
      aie.use_lock(%lock_0_2_7, AcquireGreaterEqual, 1)
      aie.dma_bd(%buf3 : memref<4x3x1x4xi8, 2>, 0, 48) {task_id = 0 : i32}
      aie.use_lock(%lock_0_2_8, Release, 1)
      aie.next_bd ^bb4
    ^bb5:  // pred: ^bb3
      %2 = aie.dma_start(S2MM, 1, ^bb6, ^bb2)
    ^bb6:  // 2 preds: ^bb5, ^bb6
      aie.use_lock(%lock_0_2, AcquireGreaterEqual, 1)
      aie.dma_bd(%buf1 : memref<6x1x4xi8, 2>, 0, 24) {task_id = 0 : i32}
      aie.use_lock(%lock_0_2_6, Release, 1)
      aie.next_bd ^bb6
    }
    %core_0_2 = aie.core(%tile_0_2) {
      %c6 = arith.constant 6 : index
      %c4 = arith.constant 4 : index
      %c0_i32 = arith.constant 0 : i32
      %c3 = arith.constant 3 : index
      %c2 = arith.constant 2 : index
      %c1 = arith.constant 1 : index
      %c0 = arith.constant 0 : index
      cf.br ^bb1
    ^bb1:  // 2 preds: ^bb0, ^bb1
      scf.for %arg0 = %c0 to %c3 step %c1 {
        aie.use_lock(%lock_0_2_9, AcquireGreaterEqual, 1)
        scf.for %arg1 = %c0 to %c4 step %c1 {
          scf.for %arg2 = %c0 to %c4 step %c1 {
            memref.store %c0_i32, %buf4[%arg1, %c0, %arg2] : memref<4x1x4xi32, 2>
          } {loop_annotation = #loop_annotation}
        } {loop_annotation = #loop_annotation}
        aie.use_lock(%lock_0_2_8, AcquireGreaterEqual, 1)
        scf.for %arg1 = %c0 to %c2 step %c1 {
          %0 = arith.cmpi eq, %arg1, %c0 : index
          aie.use_lock(%lock_0_2_6, AcquireGreaterEqual, 1)
          scf.for %arg2 = %c0 to %c6 step %c1 {
            scf.for %arg3 = %c0 to %c4 step %c1 {
              %1 = memref.load %buf1[%arg2, %c0, %arg3] : memref<6x1x4xi8, 2>
              %2 = memref.load %buf2[%arg2, %c0, %arg3] : memref<6x1x4xi8, 2>
              %3 = arith.select %0, %1, %2 : i8
              memref.store %3, %buf2[%arg2, %c0, %arg3] : memref<6x1x4xi8, 2>
            } {loop_annotation = #loop_annotation}
          } {loop_annotation = #loop_annotation}
          aie.use_lock(%lock_0_2, Release, 1)
        } {loop_annotation = #loop_annotation}
        scf.for %arg1 = %c0 to %c4 step %c1 {
          scf.for %arg2 = %c0 to %c4 step %c1 {
            scf.for %arg3 = %c0 to %c3 step %c1 {
              scf.for %arg4 = %c0 to %c4 step %c1 {
                %0 = affine.apply #map(%arg1, %arg3)
                %1 = memref.load %buf2[%0, %c0, %arg4] : memref<6x1x4xi8, 2>
                %2 = memref.load %buf3[%arg2, %arg3, %c0, %arg4] : memref<4x3x1x4xi8, 2>
                %3 = memref.load %buf4[%arg1, %c0, %arg2] : memref<4x1x4xi32, 2>
                %4 = arith.extsi %1 : i8 to i32
                %5 = arith.extsi %2 : i8 to i32
                %6 = arith.muli %4, %5 : i32
                %7 = arith.addi %3, %6 : i32
                memref.store %7, %buf4[%arg1, %c0, %arg2] : memref<4x1x4xi32, 2>
              } {loop_annotation = #loop_annotation}
            } {loop_annotation = #loop_annotation}
          } {loop_annotation = #loop_annotation}
        } {loop_annotation = #loop_annotation}
        aie.use_lock(%lock_0_2_7, Release, 1)
        scf.for %arg1 = %c0 to %c4 step %c1 {
          scf.for %arg2 = %c0 to %c4 step %c1 {
            %0 = memref.load %buf4[%arg1, %c0, %arg2] : memref<4x1x4xi32, 2>
            memref.store %0, %buf0[%arg1, %c0, %arg2] : memref<4x1x4xi32, 2>
          } {loop_annotation = #loop_annotation}
        } {loop_annotation = #loop_annotation}
        aie.use_lock(%lock_0_2_10, Release, 1)
      } {loop_annotation = #loop_annotation}
      cf.br ^bb1
    }
    aie.flow(%shim_noc_tile_2_0, DMA : 0, %mem_tile_2_1, DMA : 0)
    aie.flow(%shim_noc_tile_0_0, DMA : 0, %mem_tile_0_1, DMA : 0)
    aie.flow(%shim_noc_tile_1_0, DMA : 0, %mem_tile_1_1, DMA : 0)
    aie.flow(%mem_tile_0_1, DMA : 0, %tile_0_2, DMA : 0)
    aie.flow(%mem_tile_1_1, DMA : 0, %tile_0_3, DMA : 0)
    aie.flow(%mem_tile_2_1, DMA : 0, %tile_0_2, DMA : 1)
    aie.flow(%mem_tile_2_1, DMA : 0, %tile_0_3, DMA : 1)
    aie.flow(%tile_0_2, DMA : 0, %mem_tile_3_1, DMA : 0)
    aie.flow(%mem_tile_3_1, DMA : 0, %shim_noc_tile_3_0, DMA : 0)
    aie.flow(%tile_0_3, DMA : 0, %mem_tile_3_1, DMA : 1)
    %memtile_dma_0_1 = aie.memtile_dma(%mem_tile_0_1) {
      %0 = aie.dma_start(MM2S, 0, ^bb1, ^bb3)
    ^bb1:  // 2 preds: ^bb0, ^bb1
      aie.use_lock(%lock_0_1_5, AcquireGreaterEqual, 1)
      aie.dma_bd(%buf14 : memref<48xi8, 1>, 0, 48) {task_id = 0 : i32}
      aie.use_lock(%lock_0_1, Release, 1)
      aie.next_bd ^bb1
    ^bb2:  // pred: ^bb3
      aie.end
    ^bb3:  // pred: ^bb0
      %1 = aie.dma_start(S2MM, 0, ^bb4, ^bb2)
    ^bb4:  // 2 preds: ^bb3, ^bb4
      aie.use_lock(%lock_0_1, AcquireGreaterEqual, 1)
      aie.dma_bd(%buf14 : memref<48xi8, 1>, 0, 48) {task_id = 0 : i32}
      aie.use_lock(%lock_0_1_5, Release, 1)
      aie.next_bd ^bb4
    }
    %memtile_dma_1_1 = aie.memtile_dma(%mem_tile_1_1) {
      %0 = aie.dma_start(MM2S, 0, ^bb1, ^bb3)
    ^bb1:  // 2 preds: ^bb0, ^bb1
      aie.use_lock(%lock_1_1_4, AcquireGreaterEqual, 1)
      aie.dma_bd(%buf13 : memref<48xi8, 1>, 0, 48) {task_id = 0 : i32}
      aie.use_lock(%lock_1_1, Release, 1)
      aie.next_bd ^bb1
    ^bb2:  // pred: ^bb3
      aie.end
    ^bb3:  // pred: ^bb0
      %1 = aie.dma_start(S2MM, 0, ^bb4, ^bb2)
    ^bb4:  // 2 preds: ^bb3, ^bb4
      aie.use_lock(%lock_1_1, AcquireGreaterEqual, 1)
      aie.dma_bd(%buf13 : memref<48xi8, 1>, 0, 48) {task_id = 0 : i32}
      aie.use_lock(%lock_1_1_4, Release, 1)
      aie.next_bd ^bb4
    }
    %memtile_dma_2_1 = aie.memtile_dma(%mem_tile_2_1) {
      %0 = aie.dma_start(MM2S, 0, ^bb1, ^bb3)
    ^bb1:  // 2 preds: ^bb0, ^bb1
      aie.use_lock(%lock_2_1_3, AcquireGreaterEqual, 1)
      aie.dma_bd(%buf12 : memref<24xi8, 1>, 0, 24) {task_id = 0 : i32}
      aie.use_lock(%lock_2_1, Release, 1)
      aie.next_bd ^bb1
    ^bb2:  // pred: ^bb3
      aie.end
    ^bb3:  // pred: ^bb0
      %1 = aie.dma_start(S2MM, 0, ^bb4, ^bb2)
    ^bb4:  // 2 preds: ^bb3, ^bb4
      aie.use_lock(%lock_2_1, AcquireGreaterEqual, 1)
      aie.dma_bd(%buf12 : memref<24xi8, 1>, 0, 24) {task_id = 0 : i32}
      aie.use_lock(%lock_2_1_3, Release, 1)
      aie.next_bd ^bb4
    }
    %memtile_dma_3_1 = aie.memtile_dma(%mem_tile_3_1) {
      %0 = aie.dma_start(MM2S, 0, ^bb1, ^bb4)
    ^bb1:  // 2 preds: ^bb0, ^bb2
      aie.use_lock(%lock_3_1_2, AcquireGreaterEqual, 1)
      aie.dma_bd(%buf10 : memref<16xi32, 1>, 0, 16) {task_id = 0 : i32}
      aie.use_lock(%lock_3_1_1, Release, 1)
      aie.next_bd ^bb2
    ^bb2:  // pred: ^bb1
      aie.use_lock(%lock_3_1_0, AcquireGreaterEqual, 1)
      aie.dma_bd(%buf11 : memref<16xi32, 1>, 0, 16) {task_id = 0 : i32}
      aie.use_lock(%lock_3_1, Release, 1)
      aie.next_bd ^bb1
    ^bb3:  // pred: ^bb6
      aie.end
    ^bb4:  // pred: ^bb0
      %1 = aie.dma_start(S2MM, 0, ^bb5, ^bb6)
    ^bb5:  // 2 preds: ^bb4, ^bb5
      aie.use_lock(%lock_3_1_1, AcquireGreaterEqual, 1)
      aie.dma_bd(%buf10 : memref<16xi32, 1>, 0, 16) {task_id = 0 : i32}
      aie.use_lock(%lock_3_1_2, Release, 1)
      aie.next_bd ^bb5
    ^bb6:  // pred: ^bb4
      %2 = aie.dma_start(S2MM, 1, ^bb7, ^bb3)
    ^bb7:  // 2 preds: ^bb6, ^bb7
      aie.use_lock(%lock_3_1, AcquireGreaterEqual, 1)
      aie.dma_bd(%buf11 : memref<16xi32, 1>, 0, 16) {task_id = 0 : i32}
      aie.use_lock(%lock_3_1_0, Release, 1)
      aie.next_bd ^bb7
    }
    aie.shim_dma_allocation @air_host_results(%shim_noc_tile_3_0, S2MM, 0)
    aie.shim_dma_allocation @air_host_inputs(%shim_noc_tile_2_0, MM2S, 0)
    aie.shim_dma_allocation @air_host_filters_0(%shim_noc_tile_0_0, MM2S, 0)
    aie.shim_dma_allocation @air_host_filters_1(%shim_noc_tile_1_0, MM2S, 0)
    aie.runtime_sequence @conv(%arg0: memref<96xi8>, %arg1: memref<128xi8>, %arg2: memref<80xi32>) {
      %0 = aiex.dma_configure_task_for @air_host_inputs {
        aie.dma_bd(%arg0 : memref<96xi8>, 0, 48, [<size = 2, stride = 32>, <size = 2, stride = 4>, <size = 6, stride = 8>, <size = 4, stride = 1>])
        aie.end
      } {repeat_count = 1 : i32}
      aiex.dma_start_task(%0)
      %1 = aiex.dma_configure_task_for @air_host_inputs {
        aie.dma_bd(%arg0 : memref<96xi8>, 48, 48, [<size = 2, stride = 4>, <size = 6, stride = 8>, <size = 4, stride = 1>])
        aie.end
      }
      aiex.dma_start_task(%1)
      %2 = aiex.dma_configure_task_for @air_host_filters_0 {
        aie.dma_bd(%arg1 : memref<128xi8>, 0, 48, [<size = 4, stride = 16>, <size = 12, stride = 1>])
        aie.end
      } {repeat_count = 2 : i32}
      aiex.dma_start_task(%2)
      %3 = aiex.dma_configure_task_for @air_host_filters_1 {
        aie.dma_bd(%arg1 : memref<128xi8>, 64, 48, [<size = 4, stride = 16>, <size = 12, stride = 1>])
        aie.end
      } {repeat_count = 2 : i32}
      aiex.dma_start_task(%3)
      %4 = aiex.dma_configure_task_for @air_host_results {
        aie.dma_bd(%arg2 : memref<80xi32>, 0, 32, [<size = 2, stride = 32>, <size = 2, stride = 4>, <size = 4, stride = 8>, <size = 4, stride = 1>])
        aie.end
      } {issue_token = true, repeat_count = 1 : i32}
      aiex.dma_start_task(%4)
      %5 = aiex.dma_configure_task_for @air_host_results {
        aie.dma_bd(%arg2 : memref<80xi32>, 48, 32, [<size = 2, stride = 4>, <size = 4, stride = 8>, <size = 4, stride = 1>])
        aie.end
      } {issue_token = true}
      aiex.dma_start_task(%5)
      aiex.dma_free_task(%0)
      aiex.dma_free_task(%1)
      aiex.dma_free_task(%2)
      aiex.dma_free_task(%3)
      aiex.dma_await_task(%4)
      aiex.dma_await_task(%5)
    }
  } {dlti.dl_spec = #dlti.dl_spec<index = 32 : i64>}
}

