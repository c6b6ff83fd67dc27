/**
 * The machine code of the removal loop: claims one file after the other, and removes it where a look at it tells what is expected.
 * Each thread runs it until none is left; it calls two functions of the C library by addresses that it is given, and makes no system
 * call itself. What is handed over, and where it stands, says `removal-loop.ts`.
 *
 * @source docs/decisions/0024-removal-loop.md; encodings after the manuals of the processors, held against GNU objdump by the tests
 */

/** Bytes and the instruction they are, labels, comments. On the stack: what `statx` says. */
const X64 = `
  53                          push rbx
  55                          push rbp
  48 81 ec 08 01 00 00        sub rsp, 0x108
  48 89 fb                    mov rbx, rdi
claim:
  b8 01 00 00 00              mov eax, 0x1
  f0 48 0f c1 03              lock xadd [rbx], rax            ; claim the next one
  48 3b 43 08                 cmp rax, [rbx+0x8]
  73 7b                       jae out
  48 c1 e0 05                 shl rax, 0x5
  48 03 43 10                 add rax, [rbx+0x10]
  48 89 c5                    mov rbp, rax
  83 7d 1c 00                 cmp [rbp+0x1c], 0x0             ; without a look
  75 47                       jne remove
  8b 7b 28                    mov edi, [rbx+0x28]
  48 8b 75 00                 mov rsi, [rbp]
  ba 00 01 00 00              mov edx, 0x100                  ; AT_SYMLINK_NOFOLLOW
  8b 4b 2c                    mov ecx, [rbx+0x2c]
  49 89 e0                    mov r8, rsp
  ff 53 18                    call [rbx+0x18]                 ; statx
  85 c0                       test eax, eax
  75 c6                       jne claim
  0f b7 44 24 1c              movzx eax, [rsp+0x1c]
  25 00 f0 00 00              and eax, 0xf000                 ; a regular file
  3d 00 80 00 00              cmp eax, 0x8000
  75 b5                       jne claim
  48 8b 44 24 28              mov rax, [rsp+0x28]             ; size
  48 3b 45 08                 cmp rax, [rbp+0x8]
  75 aa                       jne claim
  48 8b 44 24 70              mov rax, [rsp+0x70]             ; time
  48 3b 45 10                 cmp rax, [rbp+0x10]
  75 9f                       jne claim
  83 7c 24 78 00              cmp [rsp+0x78], 0x0             ; and no part of a second
  75 98                       jne claim
remove:
  8b 7b 28                    mov edi, [rbx+0x28]
  48 8b 75 00                 mov rsi, [rbp]
  8b 55 1c                    mov edx, [rbp+0x1c]
  81 e2 00 02 00 00           and edx, 0x200                  ; AT_REMOVEDIR
  ff 53 20                    call [rbx+0x20]                 ; unlinkat
  85 c0                       test eax, eax
  75 81                       jne claim
  c7 45 18 01 00 00 00        mov [rbp+0x18], 0x1             ; it is gone
  e9 75 ff ff ff              jmp claim
out:
  31 c0                       xor eax, eax
  48 81 c4 08 01 00 00        add rsp, 0x108
  5d                          pop rbp
  5b                          pop rbx
  c3                          ret
`;

/** Words as in manuals, most significant digit first. */
const ARM64 = `
  a9be7bfd  stp x29, x30, [sp, #-32]!
  a90153f3  stp x19, x20, [sp, #16]
  d10403ff  sub sp, sp, #0x100
  aa0003f3  mov x19, x0
claim:
  c85ffe69  ldaxr x9, [x19]
  9100052a  add x10, x9, #0x1
  c80bfe6a  stlxr w11, x10, [x19]                 ; claim the next one
  35ffffab  cbnz w11, claim
  a940ae6a  ldp x10, x11, [x19, #8]
  eb0a013f  cmp x9, x10
  540004a2  b.cs out
  8b091574  add x20, x11, x9, lsl #5
  b9401e89  ldr w9, [x20, #28]                    ; without a look
  35000309  cbnz w9, remove
  b9402a60  ldr w0, [x19, #40]
  f9400281  ldr x1, [x20]
  52802002  mov w2, #0x100                        ; AT_SYMLINK_NOFOLLOW
  b9402e63  ldr w3, [x19, #44]
  910003e4  mov x4, sp
  f9400e69  ldr x9, [x19, #24]
  d63f0120  blr x9                                ; statx
  35fffde0  cbnz w0, claim
  79403be9  ldrh w9, [sp, #28]
  12140d29  and w9, w9, #0xf000                   ; a regular file
  5290000a  mov w10, #0x8000
  6b0a013f  cmp w9, w10
  54fffd41  b.ne claim
  f94017e9  ldr x9, [sp, #40]                     ; size
  f940068a  ldr x10, [x20, #8]
  eb0a013f  cmp x9, x10
  54fffcc1  b.ne claim
  f9403be9  ldr x9, [sp, #112]                    ; time
  f9400a8a  ldr x10, [x20, #16]
  eb0a013f  cmp x9, x10
  54fffc41  b.ne claim
  b9407be9  ldr w9, [sp, #120]                    ; and no part of a second
  35fffc09  cbnz w9, claim
remove:
  b9402a60  ldr w0, [x19, #40]
  f9400281  ldr x1, [x20]
  b9401e82  ldr w2, [x20, #28]
  12170042  and w2, w2, #0x200                    ; AT_REMOVEDIR
  f9401269  ldr x9, [x19, #32]                    ; unlinkat
  d63f0120  blr x9
  35fffb20  cbnz w0, claim
  52800029  mov w9, #0x1
  b9001a89  str w9, [x20, #24]                    ; it is gone
  17ffffd6  b claim
out:
  d2800000  mov x0, #0x0
  910403ff  add sp, sp, #0x100
  a94153f3  ldp x19, x20, [sp, #16]
  a8c27bfd  ldp x29, x30, [sp], #32
  d65f03c0  ret
`;

/** By machine, named as `process.arch` does. */
export const LISTINGS: Readonly<Record<string, string>> = { x64: X64, arm64: ARM64 };
