/** The launcher as a program: the smallest ELF file that holds its machine code. Static, without a writable part, for Linux only. */
import { type MachineName, machineCode } from './machine-code.ts';

/** e_machine. @source elf(5) */
const ELF_MACHINES: Readonly<Record<MachineName, number>> = { x64: 62, arm64: 183 };

const LOAD_ADDRESS = 0x40_0000;
const HEADER_BYTES = 64;
const SEGMENT_BYTES = 56;
const PAGE_BYTES = 0x1_0000;

/** Some 350 bytes, to be written to a file that is executed. */
export function launcherProgram(machine: MachineName): Buffer {
  const code = Buffer.concat(machineCode(machine).map(({ bytes }) => bytes));
  const start = HEADER_BYTES + 2 * SEGMENT_BYTES;
  const nBytes = start + code.length;
  const program = Buffer.alloc(nBytes);
  program.write('\x7fELF\x02\x01\x01', 'latin1'); // 64 bits, little end first
  program.writeUInt16LE(2, 16); // executable
  program.writeUInt16LE(ELF_MACHINES[machine], 18);
  program.writeUInt32LE(1, 20);
  program.writeBigUInt64LE(BigInt(LOAD_ADDRESS + start), 24); // first instruction
  program.writeBigUInt64LE(BigInt(HEADER_BYTES), 32); // the segments follow
  program.writeUInt16LE(HEADER_BYTES, 52);
  program.writeUInt16LE(SEGMENT_BYTES, 54);
  program.writeUInt16LE(2, 56);
  writeSegment(program, HEADER_BYTES, { type: 1, flags: 5, address: LOAD_ADDRESS, nBytes, align: PAGE_BYTES });
  // A stack that cannot be executed: older kernels make everything executable where this is not said.
  writeSegment(program, HEADER_BYTES + SEGMENT_BYTES, { type: 0x6474_e551, flags: 6, address: 0, nBytes: 0, align: 16 });
  code.copy(program, start);
  return program;
}

interface Segment {
  readonly type: number;
  /** 4 read · 2 write · 1 execute */
  readonly flags: number;
  readonly address: number;
  readonly nBytes: number;
  readonly align: number;
}

function writeSegment(program: Buffer, at: number, { type, flags, address, nBytes, align }: Segment): void {
  program.writeUInt32LE(type, at);
  program.writeUInt32LE(flags, at + 4);
  for (const [index, value] of [0, address, address, nBytes, nBytes, align].entries())
    program.writeBigUInt64LE(BigInt(value), at + 8 + 8 * index);
}
