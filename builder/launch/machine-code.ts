/**
 * The machine code of the launcher: a loop that makes one system call after the other from a table in memory, and nothing else. What
 * is called, in which order and with what, is data (`call-list.ts`), so that this file is all there is of it that no compiler checks.
 *
 * A row of the table has eleven words of 8 bytes:
 *
 *   0 number · 1–6 arguments · 7 where to write the result (0: nowhere) · 8 what it is called (0: it may fail) ·
 *   9 row to go on with if the result is 0 (0: the next) · 10 where a number stands that the result must reach (0: no)
 *
 * A row whose result is negative and that has a name ends the process: the row itself, the result in word 7, is written to
 * descriptor 3. A row with word 10 is done again until its result is that number. The table is read from descriptor 4.
 *
 * @source docs/decisions/0021-launcher.md; encodings after the manuals of the processors, held against GNU objdump by the tests
 */

export type MachineName = 'x64' | 'arm64';

/** Where the table is mapped: pointers in it are made for this place. */
export const TABLE_ADDRESS = 0x1000_0000;
/** More than any table has; only what is used is ever read. */
export const MAX_TABLE_BYTES = 0x400_0000;
export const ROW_WORDS = 11;
/** Descriptor that failed rows are written to. */
export const REPORT_FD = 3;
/** Descriptor that the table is read from. */
export const TABLE_FD = 4;

/** `label:`, or bytes and the instruction they are; `>label` stands for the distance to it. */
const X64 = `
  b8 09 00 00 00       mov eax, 9            ; mmap
  bf 00 00 00 10       mov edi, 0x10000000
  be 00 00 00 04       mov esi, 0x4000000
  ba 03 00 00 00       mov edx, 3            ; read and write
  41 ba 12 00 00 00    mov r10d, 0x12        ; private, at this address
  41 b8 04 00 00 00    mov r8d, 4
  45 31 c9             xor r9d, r9d
  0f 05                syscall
  48 89 c3             mov rbx, rax
row:
  48 8b 03             mov rax, [rbx]
  48 8b 7b 08          mov rdi, [rbx+0x8]
  48 8b 73 10          mov rsi, [rbx+0x10]
  48 8b 53 18          mov rdx, [rbx+0x18]
  4c 8b 53 20          mov r10, [rbx+0x20]
  4c 8b 43 28          mov r8, [rbx+0x28]
  4c 8b 4b 30          mov r9, [rbx+0x30]
  0f 05                syscall
  48 8b 4b 38          mov rcx, [rbx+0x38]
  48 85 c9             test rcx, rcx
  74 >kept             je kept
  48 89 01             mov [rcx], rax
kept:
  48 85 c0             test rax, rax
  78 >failed           js failed
  75 >reached          jne reached
  48 8b 4b 48          mov rcx, [rbx+0x48]
  48 85 c9             test rcx, rcx
  74 >reached          je reached
  48 89 cb             mov rbx, rcx
  eb >row              jmp row
reached:
  48 8b 4b 50          mov rcx, [rbx+0x50]
  48 85 c9             test rcx, rcx
  74 >next             je next
  48 3b 01             cmp rax, [rcx]
  75 >row              jne row
next:
  48 83 c3 58          add rbx, 0x58
  eb >row              jmp row
failed:
  48 83 7b 40 00       cmp [rbx+0x40], 0
  74 >next             je next
  48 89 43 38          mov [rbx+0x38], rax
  b8 01 00 00 00       mov eax, 1            ; write
  bf 03 00 00 00       mov edi, 3
  48 89 de             mov rsi, rbx
  ba 58 00 00 00       mov edx, 0x58
  0f 05                syscall
  b8 e7 00 00 00       mov eax, 0xe7         ; exit_group
  bf 01 00 00 00       mov edi, 1
  0f 05                syscall
`;

/** Words as in manuals, most significant digit first; `>label/BITS@SHIFT` adds the distance in words, in that place of the word. */
const ARM64 = `
  d2801bc8               mov x8, #0xde         ; mmap
  d2a20000               mov x0, #0x10000000
  d2a08001               mov x1, #0x4000000
  d2800062               mov x2, #0x3          ; read and write
  d2800243               mov x3, #0x12         ; private, at this address
  d2800084               mov x4, #0x4
  d2800005               mov x5, #0x0
  d4000001               svc #0x0
  aa0003f3               mov x19, x0
row:
  a9400268               ldp x8, x0, [x19]
  a9410a61               ldp x1, x2, [x19, #16]
  a9421263               ldp x3, x4, [x19, #32]
  f9401a65               ldr x5, [x19, #48]
  d4000001               svc #0x0
  f9401e69               ldr x9, [x19, #56]
  b4000009 >kept/19@5    cbz x9, kept
  f9000120               str x0, [x9]
kept:
  b7f80000 >failed/14@5  tbnz x0, #63, failed
  b5000000 >reached/19@5 cbnz x0, reached
  f9402669               ldr x9, [x19, #72]
  b4000009 >reached/19@5 cbz x9, reached
  aa0903f3               mov x19, x9
  14000000 >row/26@0     b row
reached:
  f9402a69               ldr x9, [x19, #80]
  b4000009 >next/19@5    cbz x9, next
  f9400129               ldr x9, [x9]
  eb09001f               cmp x0, x9
  54000001 >row/19@5     b.ne row
next:
  91016273               add x19, x19, #0x58
  14000000 >row/26@0     b row
failed:
  f9402269               ldr x9, [x19, #64]
  b4000009 >next/19@5    cbz x9, next
  f9001e60               str x0, [x19, #56]
  d2800808               mov x8, #0x40         ; write
  d2800060               mov x0, #0x3
  aa1303e1               mov x1, x19
  d2800b02               mov x2, #0x58
  d4000001               svc #0x0
  d2800bc8               mov x8, #0x5e         ; exit_group
  d2800020               mov x0, #0x1
  d4000001               svc #0x0
`;

/** One line of a listing: what it encodes and where it stands. */
export interface Instruction {
  readonly offset: number;
  readonly bytes: Uint8Array;
  /** `je kept`: as a manual writes it, without the comment. */
  readonly text: string;
  /** Offset that it may go on at. */
  readonly target: number | undefined;
}

/** The launcher's code for a machine, instruction by instruction. */
export const machineCode = (machine: MachineName): readonly Instruction[] => assemble(machine === 'x64' ? X64 : ARM64);

interface Line {
  readonly offset: number;
  readonly fields: readonly string[];
  readonly text: string;
}

const FIELD = /^(?:[0-9a-f]{2}|[0-9a-f]{8}|>[\w/@]+)$/;

function assemble(listing: string): Instruction[] {
  const labels = new Map<string, number>();
  const lines: Line[] = [];
  let offset = 0;
  for (const line of listing.split('\n').map((text) => text.replace(/;.*/, '').trim())) {
    if (line === '') continue;
    if (line.endsWith(':')) {
      labels.set(line.slice(0, -1), offset);
      continue;
    }
    const words = line.split(/ +/);
    const end = words.findIndex((word) => !FIELD.test(word));
    const fields = words.slice(0, end);
    lines.push({ offset, fields, text: words.slice(end).join(' ') });
    offset += fields[0]!.length === 8 ? 4 : fields.length;
  }
  return lines.map((line) => encode(line, labels));
}

function encode({ offset, fields, text }: Line, labels: ReadonlyMap<string, number>): Instruction {
  const [, label, bits, shift] = /^>(\w+)(?:\/(\d+)@(\d+))?$/.exec(fields.at(-1)!) ?? [];
  const target = label === undefined ? undefined : labels.get(label)!;
  if (fields[0]!.length === 8) {
    const distance = target === undefined ? 0 : ((target - offset) / 4) & (2 ** Number(bits) - 1);
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32LE((Number.parseInt(fields[0]!, 16) | (distance << Number(shift ?? 0))) >>> 0);
    return { offset, bytes, text, target };
  }
  // A distance of one byte, from the end of its instruction.
  const bytes = fields.map((field) =>
    field.startsWith('>') ? (target! - offset - fields.length) & 0xff : Number.parseInt(field, 16),
  );
  return { offset, bytes: Uint8Array.from(bytes), text, target };
}
