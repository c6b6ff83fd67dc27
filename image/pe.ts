/**
 * EFI programs: the headers of PE32+ files, held against the file before anything is believed.
 *
 * @source Microsoft, "PE Format"; UEFI Specification, "Images"
 */
import { imageFault } from './faults.ts';
import type { FileBytes } from './file-bytes.ts';

export type Machine = 'x86-64' | 'ARM64';

export interface PeSection {
  readonly name: string;
  /** Where it is in memory, from the program's start. */
  readonly address: number;
  /** In memory: what is more than in the file is zero, what is less is padding of the file. */
  readonly virtualBytes: number;
  readonly fileStart: number;
  readonly fileBytes: number;
}

/** Places are offsets in the file. */
export interface PeProgram {
  readonly machine: Machine;
  /** Of the header that every object file has. */
  readonly coffAt: number;
  /** Of the header that only programs have. */
  readonly optionalAt: number;
  readonly checksumAt: number;
  /** Eight bytes: where the signatures are, and how long. */
  readonly securityAt: number;
  readonly sectionTableAt: number;
  readonly sizeOfHeaders: number;
  readonly sectionAlignment: number;
  readonly fileAlignment: number;
  readonly sections: readonly PeSection[];
  /** Where the sections end. */
  readonly sectionsEnd: number;
  /** As the headers have it: whether it stands where it may is for others to look at. */
  readonly signatures: { readonly start: number; readonly sizeBytes: number };
}

/** Headers have to be within. */
const HEAD_BYTES: number = 1 << 16;
export const SECTION_HEADER_BYTES = 40;
const COFF_HEADER_BYTES = 20;
/** The optional header without its directories. */
const FIXED_BYTES = 112;
const MACHINES: ReadonlyMap<number, Machine> = new Map([
  [0x8664, 'x86-64'],
  [0xaa64, 'ARM64'],
]);
const PE32_PLUS = 0x20b;
/** Applications, drivers of both kinds, and those in ROM. */
const EFI_SUBSYSTEMS: readonly number[] = [10, 11, 12, 13];
const SECURITY_DIRECTORY = 4;
const MAX_DIRECTORIES = 16;
/** What Windows takes. */
const MAX_SECTIONS = 96;

/** Reads and checks the headers; at most 64 KiB of the file. @throws Fault E-IMG-012 · SystemFault */
export function readPe(file: FileBytes): PeProgram {
  const head = Buffer.alloc(Math.min(HEAD_BYTES, file.sizeBytes));
  file.read(0, head);
  return parsePe(file.path, head, file.sizeBytes);
}

/** Of the start of a file: for which machine it is, if it is an EFI program. */
export function machineOf(head: Buffer): Machine | undefined {
  const at = coffOf(head);
  return at === undefined ? undefined : MACHINES.get(head.readUInt16LE(at));
}

/** Behind `PE\0\0`, where there is room for the header. */
function coffOf(head: Buffer): number | undefined {
  if (head.length < 64 || head.toString('latin1', 0, 2) !== 'MZ') return undefined;
  const at = head.readUInt32LE(0x3c) + 4;
  return at + COFF_HEADER_BYTES <= head.length && head.toString('latin1', at - 4, at) === 'PE\0\0' ? at : undefined;
}

function parsePe(path: string, head: Buffer, sizeBytes: number): PeProgram {
  const refuse = (why: string): Error => imageFault.program(path, why);
  const coffAt = coffOf(head);
  if (coffAt === undefined) throw refuse('it has no PE header');
  const machine = MACHINES.get(head.readUInt16LE(coffAt));
  if (machine === undefined)
    throw refuse(`it is for machine 0x${head.readUInt16LE(coffAt).toString(16)}, not for x86-64 or ARM64`);
  const nSections = head.readUInt16LE(coffAt + 2);
  const optionalBytes = head.readUInt16LE(coffAt + 16);
  const optionalAt = coffAt + COFF_HEADER_BYTES;
  const sectionTableAt = optionalAt + optionalBytes;
  const tableEnd = sectionTableAt + nSections * SECTION_HEADER_BYTES;
  if (nSections === 0 || nSections > MAX_SECTIONS) throw refuse(`it has ${nSections} sections`);
  if (optionalBytes < FIXED_BYTES || tableEnd > head.length) throw refuse('its headers are cut off');
  if (head.readUInt16LE(optionalAt) !== PE32_PLUS) throw refuse('it is not PE32+');
  const nDirectories = head.readUInt32LE(optionalAt + 108);
  if (nDirectories <= SECURITY_DIRECTORY || nDirectories > MAX_DIRECTORIES || optionalBytes !== FIXED_BYTES + nDirectories * 8)
    throw refuse(`it has ${nDirectories} directories in a header of ${optionalBytes} bytes`);
  const subsystem = head.readUInt16LE(optionalAt + 68);
  if (!EFI_SUBSYSTEMS.includes(subsystem)) throw refuse(`it is for subsystem ${subsystem}, not for EFI`);
  const sizeOfHeaders = head.readUInt32LE(optionalAt + 60);
  if (sizeOfHeaders < tableEnd || sizeOfHeaders > sizeBytes) throw refuse(`its headers have ${sizeOfHeaders} bytes`);
  const sections = Array.from({ length: nSections }, (_, index) =>
    sectionAt(head, sectionTableAt + index * SECTION_HEADER_BYTES),
  );
  const securityAt = optionalAt + FIXED_BYTES + SECURITY_DIRECTORY * 8;
  const sectionsEnd = checkSections(sections, sizeOfHeaders, sizeBytes, head.readUInt32LE(optionalAt + 56), refuse);
  return {
    machine,
    coffAt,
    optionalAt,
    checksumAt: optionalAt + 64,
    securityAt,
    sectionTableAt,
    sizeOfHeaders,
    sectionAlignment: head.readUInt32LE(optionalAt + 32),
    fileAlignment: head.readUInt32LE(optionalAt + 36),
    sections,
    sectionsEnd,
    signatures: { start: head.readUInt32LE(securityAt), sizeBytes: head.readUInt32LE(securityAt + 4) },
  };
}

function sectionAt(head: Buffer, at: number): PeSection {
  const name = head.toString('latin1', at, at + 8).replace(/\0+$/, '');
  const [virtualBytes, address, fileBytes, fileStart] = [8, 12, 16, 20].map((offset) => head.readUInt32LE(at + offset));
  return { name, address: address!, virtualBytes: virtualBytes!, fileStart: fileStart!, fileBytes: fileBytes! };
}

/** How many bytes of memory a section takes; where it does not say, as many as of the file. */
export const memoryBytes = ({ virtualBytes, fileBytes }: PeSection): number => (virtualBytes === 0 ? fileBytes : virtualBytes);

/** In the file they follow the headers and each other; in memory no two overlap. @returns where they end in the file */
function checkSections(
  sections: readonly PeSection[],
  sizeOfHeaders: number,
  sizeBytes: number,
  sizeOfImage: number,
  refuse: (why: string) => Error,
): number {
  let end = sizeOfHeaders;
  const inFile = sections.filter(({ fileBytes }) => fileBytes > 0);
  for (const { name, fileStart, fileBytes } of inFile.toSorted((a, b) => a.fileStart - b.fileStart)) {
    if (fileStart !== end) throw refuse(`section '${name}' begins at ${fileStart}, where ${end} was expected`);
    end = fileStart + fileBytes;
    if (end > sizeBytes) throw refuse(`section '${name}' ends behind the end of the file`);
  }
  let memoryEnd = 0;
  for (const section of sections.toSorted((a, b) => a.address - b.address)) {
    if (section.address < memoryEnd) throw refuse(`section '${section.name}' overlaps another in memory`);
    memoryEnd = section.address + memoryBytes(section);
    if (memoryEnd > sizeOfImage) throw refuse(`section '${section.name}' ends behind the end of the image in memory`);
  }
  return end;
}

/** The checksum that PE headers have: of the file with zeros in its own place. */
export class PeChecksum {
  #sum = 0;

  /** Bytes that begin at an even offset; only where nothing but zeros follows may they be an odd number. */
  add(bytes: Uint8Array): this {
    const whole = bytes.byteOffset % 4 === 0 ? bytes : new Uint8Array(bytes);
    const words = new Uint32Array(whole.buffer, whole.byteOffset, whole.length >>> 2);
    // 2^16 is 1 where sums of 16 bits carry into themselves; below 2^53 as long as a piece has less than 8 MiB.
    let sum = this.#sum;
    for (let index = 0; index < words.length; index++) sum += words[index]!;
    for (let at = words.length * 4; at < whole.length; at++) sum += whole[at]! << (8 * (at % 2));
    // A sum that has carried is never zero again.
    this.#sum = sum === 0 ? 0 : ((sum - 1) % 0xffff) + 1;
    return this;
  }

  of(fileBytes: number): number {
    return (this.#sum + fileBytes) >>> 0;
  }
}
