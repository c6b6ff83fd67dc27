/**
 * Unified kernel images: systemd's EFI stub with a kernel and all it needs as further sections, one file that firmware starts and whose
 * one signature covers all of it.
 *
 * @source UAPI Group, "Unified Kernel Image"; systemd-stub(7)
 */
import { formatBytes } from '../base/index.ts';
import { imageFault } from './faults.ts';
import { type FileBytes, HostFile } from './file-bytes.ts';
import { type Content, type ImageFile, piecesOf, sizeOf } from './output.ts';
import { type Machine, machineOf, memoryBytes, PeChecksum, type PeProgram, readPe, SECTION_HEADER_BYTES } from './pe.ts';

export interface UkiStub {
  /** For messages. */
  readonly path: string;
  readonly bytes: Uint8Array;
}

/** What is left out has no section; what is there may not be empty. */
export interface UkiParts {
  /** An EFI program for the machine of the stub. */
  readonly linux: Content;
  /** As `writeInitramfs` makes it. */
  readonly initrd?: Content;
  /** For the kernel. Under Secure Boot the stub takes no other. */
  readonly commandLine?: string;
  /** The text of `os-release`, by which boot menus name it. */
  readonly osRelease?: Content;
  /** The kernel's version, as `uname -r` says it. */
  readonly version?: string;
  /** By which a later revocation finds it. Only for a stub without one. */
  readonly sbat?: Content;
  /** A picture in the format BMP. */
  readonly splash?: Content;
  readonly deviceTree?: Content;
}

const MAX_BYTES: number = 2 ** 32 - 1;
const MAX_ALIGNMENT: number = 1 << 16;
/** Initialised data that are read. */
const DATA = 0x4000_0040;

const aligned = (size: number, alignment: number): number => Math.ceil(size / alignment) * alignment;

/**
 * Writes the image to a file that is empty so far, in one go: the stub's sections, then the parts, always in the same order, one after the
 * other in the file and in memory. No time stands in it, and nothing of the stub from behind its last section (symbols, signatures).
 *
 * @throws Fault E-IMG-012 the stub · E-IMG-013 a part · E-IMG-014 the kernel · E-IMG-001 · SystemFault
 */
export function writeUki(image: ImageFile, stub: UkiStub, parts: UkiParts): void {
  const program = readPe(inMemory(stub));
  checkStub(stub, program);
  checkKernel(parts.linux, program.machine);
  const added = sectionsOf(parts);
  const { fileAlignment, sectionAlignment } = program;
  const head = Buffer.alloc(aligned(program.sectionsEnd, fileAlignment));
  head.set(stub.bytes.subarray(0, program.sectionsEnd));
  checkRoom(program, head, added);

  let fileEnd = head.length;
  let memoryEnd = head.readUInt32LE(program.optionalAt + 56);
  let dataBytes = head.readUInt32LE(program.optionalAt + 8);
  for (const [index, [name, content]] of added.entries()) {
    const sizeBytes = sizeOf(content);
    const [fileBytes, address] = [aligned(sizeBytes, fileAlignment), aligned(memoryEnd, sectionAlignment)];
    const fileStart = fileEnd;
    fileEnd += fileBytes;
    memoryEnd = address + sizeBytes;
    dataBytes += fileBytes;
    if (Math.max(fileEnd, aligned(memoryEnd, sectionAlignment), dataBytes) > MAX_BYTES)
      throw imageFault.part(name, `with ${formatBytes(sizeBytes)} of it the image has 4 GiB or more`);
    const at = program.sectionTableAt + (program.sections.length + index) * SECTION_HEADER_BYTES;
    head.write(name, at, 8, 'latin1');
    for (const [word, value] of [sizeBytes, address, fileBytes, fileStart].entries())
      head.writeUInt32LE(value, at + 8 + word * 4);
    head.writeUInt32LE(DATA, at + 36);
  }
  head.writeUInt16LE(program.sections.length + added.length, program.coffAt + 2);
  head.fill(0, program.coffAt + 4, program.coffAt + 16); // time, symbols
  head.writeUInt32LE(dataBytes, program.optionalAt + 8);
  head.writeUInt32LE(aligned(memoryEnd, sectionAlignment), program.optionalAt + 56);
  head.writeUInt32LE(0, program.checksumAt);
  head.fill(0, program.securityAt, program.securityAt + 8);

  const checksum = new PeChecksum();
  for (const content of [head, ...added.map(([, content]) => content)]) {
    for (const piece of piecesOf(content)) {
      checksum.add(piece);
      image.write(piece);
    }
    image.pad(fileAlignment);
  }
  const word = Buffer.alloc(4);
  word.writeUInt32LE(checksum.of(fileEnd));
  image.patch(program.checksumAt, word);
}

function inMemory({ path, bytes }: UkiStub): FileBytes {
  const read = (at: number, into: Uint8Array): void => into.set(bytes.subarray(at, at + into.length));
  return { path, sizeBytes: bytes.length, read };
}

/** In the order in which they are written: the kernel last, which may grow in memory behind its end. */
function sectionsOf(parts: UkiParts): readonly (readonly [name: string, content: Content])[] {
  const { commandLine, version } = parts;
  if (commandLine?.includes('\0')) throw imageFault.part('.cmdline', 'there is a NUL in it, where the kernel would end it');
  const all: readonly (readonly [string, Content | undefined])[] = [
    ['.osrel', parts.osRelease],
    ['.cmdline', commandLine === undefined ? undefined : Buffer.from(commandLine)],
    ['.uname', version === undefined ? undefined : Buffer.from(version)],
    ['.sbat', parts.sbat],
    ['.splash', parts.splash],
    ['.dtb', parts.deviceTree],
    ['.initrd', parts.initrd],
    ['.linux', parts.linux],
  ];
  const given = all.filter((pair): pair is readonly [string, Content] => pair[1] !== undefined);
  const empty = given.find(([, content]) => sizeOf(content) === 0);
  if (empty !== undefined) throw imageFault.part(empty[0], 'it is empty', 'leave it out');
  return given;
}

function checkStub({ path }: UkiStub, { fileAlignment, sectionAlignment, sections }: PeProgram): void {
  const isAlignment = (n: number): boolean => n >= 512 && n <= MAX_ALIGNMENT && (n & (n - 1)) === 0;
  if (!isAlignment(fileAlignment) || !isAlignment(sectionAlignment) || sectionAlignment < fileAlignment)
    throw imageFault.program(path, `it is aligned to ${fileAlignment} bytes in the file and ${sectionAlignment} in memory`);
  const odd = sections.find(({ fileStart, fileBytes }) => fileBytes > 0 && (fileStart | fileBytes) % fileAlignment !== 0);
  if (odd !== undefined) throw imageFault.program(path, `section '${odd.name}' is not aligned`);
}

function checkKernel(linux: Content, machine: Machine): void {
  const head = Buffer.alloc(Math.min(1 << 16, sizeOf(linux)));
  if (linux instanceof Uint8Array) head.set(linux.subarray(0, head.length));
  else {
    using file = new HostFile(linux.file);
    if (file.sizeBytes !== linux.sizeBytes) throw imageFault.changed(linux.file);
    file.read(0, head);
  }
  const its = machineOf(head);
  if (its === undefined)
    throw imageFault.kernel(
      'it is not an EFI program',
      'build it with CONFIG_EFI_STUB, and take bzImage (x86-64) or vmlinuz.efi or Image (ARM64)',
    );
  if (its !== machine) throw imageFault.kernel(`it is for ${its}, the stub for ${machine}`, `take the stub for ${its}`);
}

function checkRoom(program: PeProgram, head: Buffer, added: readonly (readonly [name: string, content: Content])[]): void {
  for (const [name] of added) {
    if (!program.sections.some((section) => section.name === name)) continue;
    throw imageFault.part(name, 'the stub has one', name === '.sbat' ? 'leave it out' : "take systemd's stub as it is installed");
  }
  const start = program.sectionTableAt + program.sections.length * SECTION_HEADER_BYTES;
  const end = start + added.length * SECTION_HEADER_BYTES;
  const isFree = end <= program.sizeOfHeaders && head.subarray(start, end).every((byte) => byte === 0);
  if (isFree) return;
  throw imageFault.part(added.at(-1)![0], `the stub's headers have no room for ${added.length} more sections`);
}

export interface Uki {
  readonly machine: Machine;
  /** In the order of their headers: those of the stub, too. */
  readonly sections: readonly { readonly name: string; readonly startBytes: number; readonly sizeBytes: number }[];
  /** Of the table of signatures; zero where it is not signed. */
  readonly signatureBytes: number;
}

/** What is inside of an EFI program. `sizeBytes` are those that mean something: padding is left out. @throws Fault E-IMG-012 · SystemFault */
export function readUki(path: string): Uki {
  using file = new HostFile(path);
  const program = readPe(file);
  const sections = program.sections.map((section) => ({
    name: section.name,
    startBytes: section.fileStart,
    sizeBytes: Math.min(memoryBytes(section), section.fileBytes),
  }));
  return { machine: program.machine, sections, signatureBytes: program.signatures.sizeBytes };
}

/** A small section: `undefined` where there is none of the name. At most `maxBytes` of it are read. @throws Fault E-IMG-012 · SystemFault */
export function readUkiSection(path: string, name: string, maxBytes: number): Uint8Array | undefined {
  const section = readUki(path).sections.find((each) => each.name === name);
  if (section === undefined) return undefined;
  using file = new HostFile(path);
  const bytes = Buffer.alloc(Math.min(section.sizeBytes, maxBytes));
  file.read(section.startBytes, bytes);
  return bytes;
}
