/**
 * Reads the records of manifests and hands the files over, at the speed that compiled code has and from the first one on: functions of
 * ours would have read half of a large manifest before the engine has compiled them, and have its compilers beside the threads that
 * look at files. WebAssembly is compiled at once (0.2 ms), is the same on every processor, checked before it runs, and touches nothing
 * but the memory that it is given.
 *
 * @source docs/decisions/0023-file-loop.md; encodings after the specification of WebAssembly, held against an assembler by the tests
 */
import { instances, type WebAssemblyMemory } from './web-assembly.ts';

/**
 * Bytes and what they are, comments. Of what stands in the memory says `file-loop.ts`.
 *
 * `scan(0 at, 1 end, 2 folder, 3 room)`: hands over the files from `at` on, as many as there is room for, and says where it stopped: at
 * `end`, or at a record that is no file's, not whole, or no record. Locals: 4 where it reads, 5 what stands there, 6 the place, 7 mode,
 * 8 size, 9 how many files were handed over, 10 where the memory is.
 *
 * `count(0 at, 1 end)`: of the entries that `getdents64` wrote, those that are not `.` or `..`. Locals: 2 what stands there, 3 how many.
 */
const LISTING = `
  00 61 73 6d 01 00 00 00  module
  01 0f 02 60 04 7f 7f 7f 7f 01 7f 60 02 7f 7f 01 7f types ; four i32 to i32, two i32 to i32
  02 08 01 01 6d 01 6d 02 00 01 imports                    ; the memory, m.m
  03 03 02 00 01           functions
  07 10 02 04 73 63 61 6e 00 00 05 63 6f 75 6e 74 00 01 exports ; scan, count
  0a 88 03 02              code
  bf 02                    size                            ; of scan
  02 04 7f 03 7e           locals                          ; 4 i32, 3 i64
  41 00                    i32.const 0
  29 03 08                 i64.load 8
  21 09                    local.set 9                     ; how many were handed over
  41 00                    i32.const 0
  29 03 98 01              i64.load 152
  21 0a                    local.set 10                    ; where the memory is
  02 40                    block
  03 40                      loop
  20 00                        local.get 0
  20 01                        local.get 1
  4f                           i32.ge_u
  0d 01                        br_if 1                     ; the end
  20 03                        local.get 3
  45                           i32.eqz
  0d 01                        br_if 1                     ; no place is left
  20 00                        local.get 0
  2d 00 00                     i32.load8_u 0
  22 05                        local.tee 5
  41 e6 00                     i32.const 102
  47                           i32.ne                      ; f
  20 05                        local.get 5
  41 f8 00                     i32.const 120
  47                           i32.ne                      ; x
  71                           i32.and
  0d 01                        br_if 1                     ; no file
  41 00                        i32.const 0
  28 02 a4 01                  i32.load 164
  41 00                        i32.const 0
  28 02 a0 01                  i32.load 160
  20 05                        local.get 5
  41 f8 00                     i32.const 120
  46                           i32.eq
  1b                           select
  21 07                        local.set 7                 ; kind and permissions
  20 00                        local.get 0
  41 c1 00                     i32.const 65
  6a                           i32.add
  21 04                        local.set 4                 ; behind the kind and its hash
  42 00                        i64.const 0
  21 08                        local.set 8
  03 40                        loop
  20 04                          local.get 4
  20 01                          local.get 1
  4f                             i32.ge_u
  0d 02                          br_if 2
  20 08                          local.get 8
  42 80 80 9a a6 ea af e3 01       i64.const 1000000000000000
  5a                             i64.ge_u
  0d 02                          br_if 2                   ; more than can be
  20 04                          local.get 4
  2d 00 00                       i32.load8_u 0
  21 05                          local.set 5
  20 04                          local.get 4
  41 01                          i32.const 1
  6a                             i32.add
  21 04                          local.set 4
  20 05                          local.get 5
  41 3a                          i32.const 58
  47                             i32.ne                    ; a colon ends the size
  04 40                          if
  20 05                            local.get 5
  41 30                            i32.const 48
  6b                               i32.sub
  22 05                            local.tee 5
  41 09                            i32.const 9
  4b                               i32.gt_u
  0d 03                            br_if 3                 ; no digit
  20 08                            local.get 8
  42 0a                            i64.const 10
  7e                               i64.mul
  20 05                            local.get 5
  ad                               i64.extend_i32_u
  7c                               i64.add
  21 08                            local.set 8
  0c 01                            br 1
  0b                             end
  0b                           end
  20 04                        local.get 4
  20 01                        local.get 1
  4f                           i32.ge_u
  0d 01                        br_if 1
  20 04                        local.get 4
  2d 00 00                     i32.load8_u 0
  45                           i32.eqz
  0d 01                        br_if 1                     ; the object itself
  20 09                        local.get 9
  a7                           i32.wrap_i64
  41 00                        i32.const 0
  28 02 20                     i32.load 32
  71                           i32.and
  41 30                        i32.const 48
  6c                           i32.mul
  22 06                        local.tee 6                 ; the place, less 224
  20 0a                        local.get 10
  20 04                        local.get 4
  ad                           i64.extend_i32_u
  7c                           i64.add
  37 03 e0 01                  i64.store 224               ; path
  20 06                        local.get 6
  20 0a                        local.get 10
  20 00                        local.get 0
  41 01                        i32.const 1
  6a                           i32.add
  ad                           i64.extend_i32_u
  7c                           i64.add
  37 03 e8 01                  i64.store 232               ; hash
  20 06                        local.get 6
  20 02                        local.get 2
  36 02 f0 01                  i32.store 240               ; folder
  20 06                        local.get 6
  20 07                        local.get 7
  36 02 f4 01                  i32.store 244
  20 06                        local.get 6
  20 08                        local.get 8
  37 03 f8 01                  i64.store 248               ; size
  20 06                        local.get 6
  41 00                        i32.const 0
  36 02 80 02                  i32.store 256               ; nothing came of it yet
  03 40                        loop
  20 04                          local.get 4
  41 01                          i32.const 1
  6a                             i32.add
  22 04                          local.tee 4
  20 01                          local.get 1
  4f                             i32.ge_u
  0d 02                          br_if 2                   ; no end of the path
  20 04                          local.get 4
  2d 00 00                       i32.load8_u 0
  0d 00                          br_if 0
  0b                           end
  20 04                        local.get 4
  41 01                        i32.const 1
  6a                           i32.add
  21 00                        local.set 0                 ; the next record
  20 03                        local.get 3
  41 01                        i32.const 1
  6b                           i32.sub
  21 03                        local.set 3
  20 09                        local.get 9
  42 01                        i64.const 1
  7c                           i64.add
  22 09                        local.tee 9
  42 3f                        i64.const 63
  83                           i64.and
  50                           i64.eqz
  04 40                        if
  41 00                          i32.const 0
  20 09                          local.get 9
  fe 18 03 08                    i64.atomic.store 8        ; so many together
  0b                           end
  0c 00                        br 0
  0b                         end
  0b                       end
  41 00                    i32.const 0
  20 09                    local.get 9
  fe 18 03 08              i64.atomic.store 8
  20 00                    local.get 0
  0b                       end
  45                       size                            ; of count
  01 02 7f                 locals                          ; 2 i32
  02 40                    block
  03 40                      loop
  20 00                        local.get 0
  20 01                        local.get 1
  4f                           i32.ge_u
  0d 01                        br_if 1
  20 03                        local.get 3
  41 01                        i32.const 1
  20 00                        local.get 0
  2d 00 13                     i32.load8_u 19
  41 2e                        i32.const 46
  46                           i32.eq                      ; a name of a dot
  20 00                        local.get 0
  2d 00 14                     i32.load8_u 20
  22 02                        local.tee 2
  45                           i32.eqz                     ; and nothing else
  20 02                        local.get 2
  41 2e                        i32.const 46
  46                           i32.eq
  20 00                        local.get 0
  2d 00 15                     i32.load8_u 21
  45                           i32.eqz
  71                           i32.and                     ; or of two
  72                           i32.or
  71                           i32.and
  6b                           i32.sub
  6a                           i32.add
  21 03                        local.set 3
  20 00                        local.get 0
  20 00                        local.get 0
  2f 01 10                     i32.load16_u 16
  6a                           i32.add                     ; how long the entry is
  21 00                        local.set 0
  0c 00                        br 0
  0b                         end
  0b                       end
  20 03                    local.get 3
  0b                       end
`;

/** Numbers of bytes are offsets in the memory. */
export interface RecordScan {
  /** @see LISTING */
  scan(at: number, end: number, folder: number, room: number): number;
  count(at: number, end: number): number;
}

export const scanListing = (): string => LISTING;

const instance = instances<RecordScan>(LISTING);

/** @throws where there is no WebAssembly */
export const recordScan = (memory: WebAssemblyMemory): RecordScan => instance(memory);
