/**
 * The machine code of two loops and a call: one loop makes files, from table to table as long as there is a next one; the other renames
 * what is in one table; the call has zlib take one text out of its gzip frame. Each runs in a thread of the C library, calls functions by addresses that it is given, and makes no system call itself. What is
 * handed over, and where it stands, say `creation.ts`, `renaming.ts` and `inflating.ts`.
 *
 * @source docs/decisions/0025-install-loops.md; encodings after the manuals of the processors, held against GNU objdump by the tests
 */

/** Bytes and the instruction they are, labels, comments. */
const CREATION_X64 = `
  53                          push rbx
  55                          push rbp
  41 54                       push r12
  41 55                       push r13
  48 83 ec 08                 sub rsp, 0x8
table:
  48 89 fb                    mov rbx, rdi
  48 8b 6b 18                 mov rbp, [rbx+0x18]
  4c 8b 63 10                 mov r12, [rbx+0x10]
claim:
  49 83 ec 01                 sub r12, 0x1
  78 58                       js done
  8b 7b 40                    mov edi, [rbx+0x40]
  48 8b 75 00                 mov rsi, [rbp]
  8b 53 44                    mov edx, [rbx+0x44]
  8b 4d 18                    mov ecx, [rbp+0x18]
  31 c0                       xor eax, eax                    ; open takes as many as it likes
  ff 53 20                    call [rbx+0x20]                 ; openat
  85 c0                       test eax, eax
  78 3c                       js next
  41 89 c5                    mov r13d, eax
  89 c7                       mov edi, eax
  48 8b 75 08                 mov rsi, [rbp+0x8]
  48 8b 55 10                 mov rdx, [rbp+0x10]
  ff 53 28                    call [rbx+0x28]                 ; write
  48 3b 45 10                 cmp rax, [rbp+0x10]
  75 15                       jne close
  44 89 ef                    mov edi, r13d
  48 8d 73 48                 lea rsi, [rbx+0x48]
  ff 53 30                    call [rbx+0x30]                 ; futimens
  85 c0                       test eax, eax
  75 07                       jne close
  c7 45 1c 01 00 00 00        mov [rbp+0x1c], 0x1             ; it is there
close:
  44 89 ef                    mov edi, r13d
  ff 53 38                    call [rbx+0x38]                 ; close
  85 c0                       test eax, eax
  74 07                       je next
  c7 45 1c 00 00 00 00        mov [rbp+0x1c], 0x0             ; it could not be closed
next:
  48 83 c5 20                 add rbp, 0x20
  eb a2                       jmp claim
done:
  b8 01 00 00 00              mov eax, 0x1
  48 89 43 08                 mov [rbx+0x8], rax              ; all were tried
  48 87 03                    xchg [rbx], rax                 ; the next table; from now on none can be added
  48 89 c7                    mov rdi, rax
  48 85 c0                    test rax, rax
  75 83                       jne table
  48 83 c4 08                 add rsp, 0x8
  41 5d                       pop r13
  41 5c                       pop r12
  5d                          pop rbp
  5b                          pop rbx
  c3                          ret
`;

/** Words as in manuals, most significant digit first. */
const CREATION_ARM64 = `
  a9bd7bfd  stp x29, x30, [sp, #-48]!
  a90153f3  stp x19, x20, [sp, #16]
  a9025bf5  stp x21, x22, [sp, #32]
table:
  aa0003f3  mov x19, x0
  a9415275  ldp x21, x20, [x19, #16]
claim:
  f10006b5  subs x21, x21, #0x1
  54000384  b.mi done
  29480a60  ldp w0, w2, [x19, #64]
  f9400281  ldr x1, [x20]
  b9401a83  ldr w3, [x20, #24]
  f9401269  ldr x9, [x19, #32]                    ; openat
  d63f0120  blr x9
  37f80280  tbnz w0, #31, next
  2a0003f6  mov w22, w0
  a9408a81  ldp x1, x2, [x20, #8]
  f9401669  ldr x9, [x19, #40]                    ; write
  d63f0120  blr x9
  f9400a89  ldr x9, [x20, #16]
  eb09001f  cmp x0, x9
  54000101  b.ne close
  2a1603e0  mov w0, w22
  91012261  add x1, x19, #0x48
  f9401a69  ldr x9, [x19, #48]                    ; futimens
  d63f0120  blr x9
  35000060  cbnz w0, close
  52800029  mov w9, #0x1
  b9001e89  str w9, [x20, #28]                    ; it is there
close:
  2a1603e0  mov w0, w22
  f9401e69  ldr x9, [x19, #56]                    ; close
  d63f0120  blr x9
  34000040  cbz w0, next
  b9001e9f  str wzr, [x20, #28]                   ; it could not be closed
next:
  91008294  add x20, x20, #0x20
  17ffffe4  b claim
done:
  d2800029  mov x9, #0x1
  9100226a  add x10, x19, #0x8
  c89ffd49  stlr x9, [x10]                        ; all were tried
swap:
  c85ffe60  ldaxr x0, [x19]                       ; the next table; from now on none can be added
  c80bfe69  stlxr w11, x9, [x19]
  35ffffcb  cbnz w11, swap
  b5fffb60  cbnz x0, table
  a9425bf5  ldp x21, x22, [sp, #32]
  a94153f3  ldp x19, x20, [sp, #16]
  a8c37bfd  ldp x29, x30, [sp], #48
  d65f03c0  ret
`;

const RENAMING_X64 = `
  53                          push rbx
  55                          push rbp
  41 54                       push r12
  48 89 fb                    mov rbx, rdi
  48 8b 6b 08                 mov rbp, [rbx+0x8]
  4c 8b 23                    mov r12, [rbx]
claim:
  49 83 ec 01                 sub r12, 0x1
  78 1c                       js out
  8b 7b 18                    mov edi, [rbx+0x18]
  48 8b 75 00                 mov rsi, [rbp]
  89 fa                       mov edx, edi
  48 8b 4d 08                 mov rcx, [rbp+0x8]
  ff 53 10                    call [rbx+0x10]                 ; renameat
  85 c0                       test eax, eax
  0f 94 45 10                 sete [rbp+0x10]                 ; it is there
  48 83 c5 18                 add rbp, 0x18
  eb de                       jmp claim
out:
  31 c0                       xor eax, eax
  41 5c                       pop r12
  5d                          pop rbp
  5b                          pop rbx
  c3                          ret
`;

const RENAMING_ARM64 = `
  a9bd7bfd  stp x29, x30, [sp, #-48]!
  a90153f3  stp x19, x20, [sp, #16]
  f90013f5  str x21, [sp, #32]
  aa0003f3  mov x19, x0
  a9405275  ldp x21, x20, [x19]
claim:
  f10006b5  subs x21, x21, #0x1
  54000184  b.mi out
  b9401a60  ldr w0, [x19, #24]
  f9400281  ldr x1, [x20]
  2a0003e2  mov w2, w0
  f9400683  ldr x3, [x20, #8]
  f9400a69  ldr x9, [x19, #16]                    ; renameat
  d63f0120  blr x9
  7100001f  cmp w0, #0x0
  1a9f17e9  cset w9, eq
  b9001289  str w9, [x20, #16]                    ; it is there
  91006294  add x20, x20, #0x18
  17fffff4  b claim
out:
  d2800000  mov x0, #0x0
  f94013f5  ldr x21, [sp, #32]
  a94153f3  ldp x19, x20, [sp, #16]
  a8c37bfd  ldp x29, x30, [sp], #48
  d65f03c0  ret
`;

const INFLATING_X64 = `
  53                          push rbx
  48 89 fb                    mov rbx, rdi
  48 8d 7b 28                 lea rdi, [rbx+0x28]
  be 1f 00 00 00              mov esi, 0x1f                   ; of gzip, with any window
  48 8d 53 20                 lea rdx, [rbx+0x20]
  b9 70 00 00 00              mov ecx, 0x70
  ff 53 08                    call [rbx+0x8]                  ; inflateInit2_
  85 c0                       test eax, eax
  75 15                       jne out
  48 8d 7b 28                 lea rdi, [rbx+0x28]
  be 04 00 00 00              mov esi, 0x4                    ; to its end
  ff 53 10                    call [rbx+0x10]                 ; inflate
  89 03                       mov [rbx], eax
  48 8d 7b 28                 lea rdi, [rbx+0x28]
  ff 53 18                    call [rbx+0x18]                 ; inflateEnd
out:
  31 c0                       xor eax, eax
  5b                          pop rbx
  c3                          ret
`;

const INFLATING_ARM64 = `
  a9be7bfd  stp x29, x30, [sp, #-32]!
  f9000bf3  str x19, [sp, #16]
  aa0003f3  mov x19, x0
  9100a260  add x0, x19, #0x28
  528003e1  mov w1, #0x1f                         ; of gzip, with any window
  91008262  add x2, x19, #0x20
  52800e03  mov w3, #0x70
  f9400669  ldr x9, [x19, #8]                     ; inflateInit2_
  d63f0120  blr x9
  35000120  cbnz w0, out
  9100a260  add x0, x19, #0x28
  52800081  mov w1, #0x4                          ; to its end
  f9400a69  ldr x9, [x19, #16]                    ; inflate
  d63f0120  blr x9
  b9000260  str w0, [x19]
  9100a260  add x0, x19, #0x28
  f9400e69  ldr x9, [x19, #24]                    ; inflateEnd
  d63f0120  blr x9
out:
  d2800000  mov x0, #0x0
  f9400bf3  ldr x19, [sp, #16]
  a8c27bfd  ldp x29, x30, [sp], #32
  d65f03c0  ret
`;

/** By machine, named as `process.arch` does. */
export const CREATION: Readonly<Record<string, string>> = { x64: CREATION_X64, arm64: CREATION_ARM64 };
export const RENAMING: Readonly<Record<string, string>> = { x64: RENAMING_X64, arm64: RENAMING_ARM64 };
export const INFLATING: Readonly<Record<string, string>> = { x64: INFLATING_X64, arm64: INFLATING_ARM64 };
