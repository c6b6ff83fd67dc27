/**
 * Reads what is recorded of the files of a root and hands them over, as `record-scan.ts` does with records of objects, for the same
 * reasons.
 *
 * A record: path, ended by NUL; 64 digits of a hash; size, mode, user and group in decimal digits, each ended by a colon; NUL.
 *
 * @source docs/decisions/0023-file-loop.md; encodings after the specification of WebAssembly, held against an assembler by the tests
 */
import { instances, type WebAssemblyMemory } from './web-assembly.ts';

/**
 * Bytes and what they are, comments. Of what stands in the memory says `file-loop.ts`.
 *
 * `scan(0 at, 1 end, 2 folder, 3 prefix, 4 length, 5 skip, 6 room)`: hands over the files from `at` on, as many as there is room for,
 * whose paths are what stands at `prefix`, of that `length`, and one name; without the first `skip` bytes, relative to `folder`. Says
 * where it stopped: at `end`, or at a record of another folder, not whole, or no record. Locals: 7 where it reads, 8 what stands there,
 * 9 the place, 10 the hash, 11 which number, 12 the number, 13 how many files were handed over, 14 where the memory is.
 */
const LISTING = `
  00 61 73 6d 01 00 00 00  module
  01 0c 01 60 07 7f 7f 7f 7f 7f 7f 7f 01 7f types          ; seven i32 to i32
  02 08 01 01 6d 01 6d 02 00 01 imports                    ; the memory, m.m
  03 02 01 00              functions
  07 08 01 04 73 63 61 6e 00 00 exports                    ; scan
  0a bd 03 01              code
  ba 03                    size                            ; of scan
  02 05 7f 03 7e           locals                          ; 5 i32, 3 i64
  41 00                    i32.const 0
  29 03 08                 i64.load 8
  21 0d                    local.set 13                    ; how many were handed over
  41 00                    i32.const 0
  29 03 98 01              i64.load 152
  21 0e                    local.set 14                    ; where the memory is
  02 40                    block
  03 40                      loop
  20 00                        local.get 0
  20 01                        local.get 1
  4f                           i32.ge_u
  0d 01                        br_if 1                     ; the end
  20 06                        local.get 6
  45                           i32.eqz
  0d 01                        br_if 1                     ; no place is left
  41 00                        i32.const 0
  21 07                        local.set 7
  02 40                        block
  03 40                          loop
  20 07                            local.get 7
  20 04                            local.get 4
  4f                               i32.ge_u
  0d 01                            br_if 1                 ; it begins as the folder
  20 00                            local.get 0
  20 07                            local.get 7
  6a                               i32.add
  22 08                            local.tee 8
  20 01                            local.get 1
  4f                               i32.ge_u
  0d 03                            br_if 3
  20 08                            local.get 8
  2d 00 00                         i32.load8_u
  20 03                            local.get 3
  20 07                            local.get 7
  6a                               i32.add
  2d 00 00                         i32.load8_u
  47                               i32.ne
  0d 03                            br_if 3                 ; another folder
  20 07                            local.get 7
  41 01                            i32.const 1
  6a                               i32.add
  21 07                            local.set 7
  0c 00                            br 0
  0b                             end
  0b                           end
  20 00                        local.get 0
  20 04                        local.get 4
  6a                           i32.add
  21 07                        local.set 7
  03 40                        loop
  20 07                          local.get 7
  20 01                          local.get 1
  4f                             i32.ge_u
  0d 02                          br_if 2                   ; no end of the path
  20 07                          local.get 7
  2d 00 00                       i32.load8_u
  22 08                          local.tee 8
  41 2f                          i32.const 47
  46                             i32.eq
  0d 02                          br_if 2                   ; a folder in the folder
  20 07                          local.get 7
  41 01                          i32.const 1
  6a                             i32.add
  21 07                          local.set 7
  20 08                          local.get 8
  0d 00                          br_if 0
  0b                           end
  20 07                        local.get 7
  22 0a                        local.tee 10
  41 c0 00                     i32.const 64
  6a                           i32.add
  21 07                        local.set 7                 ; behind the hash
  20 0d                        local.get 13
  a7                           i32.wrap_i64
  41 00                        i32.const 0
  28 02 20                     i32.load 32
  71                           i32.and
  41 30                        i32.const 48
  6c                           i32.mul
  21 09                        local.set 9                 ; the place, less 224
  41 00                        i32.const 0
  21 0b                        local.set 11
  03 40                        loop
  42 00                          i64.const 0
  21 0c                          local.set 12
  03 40                          loop
  20 07                            local.get 7
  20 01                            local.get 1
  4f                               i32.ge_u
  0d 03                            br_if 3
  20 0c                            local.get 12
  42 80 80 9a a6 ea af e3 01         i64.const 1000000000000000
  5a                               i64.ge_u
  0d 03                            br_if 3                 ; more than can be
  20 07                            local.get 7
  2d 00 00                         i32.load8_u
  21 08                            local.set 8
  20 07                            local.get 7
  41 01                            i32.const 1
  6a                               i32.add
  21 07                            local.set 7
  20 08                            local.get 8
  41 3a                            i32.const 58
  47                               i32.ne
  04 40                            if                      ; a colon ends each number
  20 08                              local.get 8
  41 30                              i32.const 48
  6b                                 i32.sub
  22 08                              local.tee 8
  41 09                              i32.const 9
  4b                                 i32.gt_u
  0d 04                              br_if 4               ; no digit
  20 0c                              local.get 12
  42 0a                              i64.const 10
  7e                                 i64.mul
  20 08                              local.get 8
  ad                                 i64.extend_i32_u
  7c                                 i64.add
  21 0c                              local.set 12
  0c 01                              br 1
  0b                               end
  0b                             end
  20 0b                          local.get 11
  45                             i32.eqz
  04 40                          if
  20 09                            local.get 9
  20 0c                            local.get 12
  37 03 f8 01                      i64.store 248           ; size
  0b                             end
  20 0b                          local.get 11
  04 40                          if
  20 0c                            local.get 12
  42 80 80 80 80 10                i64.const 4294967296
  5a                               i64.ge_u
  0d 03                            br_if 3
  0b                             end
  20 0b                          local.get 11
  41 01                          i32.const 1
  46                             i32.eq
  04 40                          if
  20 0c                            local.get 12
  42 80 20                         i64.const 4096
  5a                               i64.ge_u
  0d 03                            br_if 3
  20 09                            local.get 9
  20 0c                            local.get 12
  a7                               i32.wrap_i64
  41 80 80 02                      i32.const 32768
  72                               i32.or
  36 02 f4 01                      i32.store 244           ; mode, of a file
  0b                             end
  20 0b                          local.get 11
  41 02                          i32.const 2
  46                             i32.eq
  04 40                          if
  20 09                            local.get 9
  20 0c                            local.get 12
  a7                               i32.wrap_i64
  36 02 88 02                      i32.store 264           ; user
  0b                             end
  20 0b                          local.get 11
  41 01                          i32.const 1
  6a                             i32.add
  22 0b                          local.tee 11
  41 04                          i32.const 4
  47                             i32.ne
  0d 00                          br_if 0
  0b                           end
  20 09                        local.get 9
  20 0c                        local.get 12
  a7                           i32.wrap_i64
  36 02 8c 02                  i32.store 268               ; group, the last
  20 07                        local.get 7
  20 01                        local.get 1
  4f                           i32.ge_u
  0d 01                        br_if 1
  20 07                        local.get 7
  2d 00 00                     i32.load8_u
  0d 01                        br_if 1                     ; more than there should be
  20 09                        local.get 9
  20 0e                        local.get 14
  20 00                        local.get 0
  20 05                        local.get 5
  6a                           i32.add
  ad                           i64.extend_i32_u
  7c                           i64.add
  37 03 e0 01                  i64.store 224               ; path
  20 09                        local.get 9
  20 0e                        local.get 14
  20 0a                        local.get 10
  ad                           i64.extend_i32_u
  7c                           i64.add
  37 03 e8 01                  i64.store 232               ; hash
  20 09                        local.get 9
  20 02                        local.get 2
  36 02 f0 01                  i32.store 240               ; folder
  20 09                        local.get 9
  41 00                        i32.const 0
  36 02 80 02                  i32.store 256               ; nothing came of it yet
  20 07                        local.get 7
  41 01                        i32.const 1
  6a                           i32.add
  21 00                        local.set 0                 ; the next record
  20 06                        local.get 6
  41 01                        i32.const 1
  6b                           i32.sub
  21 06                        local.set 6
  20 0d                        local.get 13
  42 01                        i64.const 1
  7c                           i64.add
  22 0d                        local.tee 13
  42 3f                        i64.const 63
  83                           i64.and
  50                           i64.eqz
  04 40                        if
  41 00                          i32.const 0
  20 0d                          local.get 13
  fe 18 03 08                    i64.atomic.store 8        ; so many together
  0b                           end
  0c 00                        br 0
  0b                         end
  0b                       end
  41 00                    i32.const 0
  20 0d                    local.get 13
  fe 18 03 08              i64.atomic.store 8
  20 00                    local.get 0
  0b                       end
`;

/** Numbers of bytes are offsets in the memory. */
export interface PlacedScan {
  /** @see LISTING */
  scan(at: number, end: number, folder: number, prefix: number, length: number, skip: number, room: number): number;
}

export const placedScanListing = (): string => LISTING;

const instance = instances<PlacedScan>(LISTING);

/** @throws where there is no WebAssembly */
export const placedScan = (memory: WebAssemblyMemory): PlacedScan => instance(memory);
