/**
 * The machine code of the file loop: claims one file after the other, compares it with what is recorded, and knows nothing else. Each
 * thread that looks at files runs it until there will be no more; it calls functions of the C library and of OpenSSL by addresses that
 * it is given, and makes no system call itself. What is handed over, and where it stands, says `file-loop.ts`.
 *
 * @source docs/decisions/0023-file-loop.md; encodings after the manuals of the processors, held against GNU objdump by the tests
 */

/** Bytes and the instruction they are, labels, comments. On the stack: 64 KiB of data, what `statx` says, the state of SHA-256, the sum. */
const X64 = `
  53                          push rbx
  55                          push rbp
  41 54                       push r12
  41 55                       push r13
  41 56                       push r14
  48 81 ec 00 02 01 00        sub rsp, 0x10200
  48 89 fb                    mov rbx, rdi
claim:
  48 8b 53 18                 mov rdx, [rbx+0x18]                 ; whether no more will come, looked at before how many have
  48 8b 03                    mov rax, [rbx]
  48 3b 43 08                 cmp rax, [rbx+0x8]
  0f 83 a1 01 00 00           jae idle
  48 8d 48 01                 lea rcx, [rax+0x1]
  f0 48 0f b1 0b              lock cmpxchg [rbx], rcx             ; claim the next one
  75 e4                       jne claim
  48 23 43 20                 and rax, [rbx+0x20]
  48 6b e8 30                 imul rbp, rax, 0x30
  48 03 6b 28                 add rbp, [rbx+0x28]
  45 31 f6                    xor r14d, r14d
  41 bc ff ff ff ff           mov r12d, 0xffffffff                ; not open yet
  8b 7d 10                    mov edi, [rbp+0x10]
  48 8b 75 00                 mov rsi, [rbp]
  ba 00 01 00 00              mov edx, 0x100                      ; AT_SYMLINK_NOFOLLOW
  83 bb bc 00 00 00 00        cmp [rbx+0xbc], 0x0                 ; whether to look before it is opened
  75 36                       jne look
open:
  8b 7d 10                    mov edi, [rbp+0x10]
  48 8b 75 00                 mov rsi, [rbp]
  8b 53 78                    mov edx, [rbx+0x78]
  31 c0                       xor eax, eax
  ff 53 38                    call [rbx+0x38]                     ; openat
  41 89 c4                    mov r12d, eax
  85 c0                       test eax, eax
  0f 88 44 01 00 00           js finish
  83 bb bc 00 00 00 00        cmp [rbx+0xbc], 0x0
  0f 85 83 00 00 00           jne opened
  44 89 e7                    mov edi, r12d
  48 8d b3 80 00 00 00        lea rsi, [rbx+0x80]
  ba 00 10 00 00              mov edx, 0x1000                     ; AT_EMPTY_PATH
look:
  8b 4b 7c                    mov ecx, [rbx+0x7c]
  4c 8d 84 24 00 00 01 00     lea r8, [rsp+0x10000]
  ff 53 40                    call [rbx+0x40]                     ; statx
  85 c0                       test eax, eax
  0f 85 0c 01 00 00           jne close
  0f b7 84 24 1c 00 01 00     movzx eax, [rsp+0x1001c]
  3b 45 14                    cmp eax, [rbp+0x14]                 ; kind and permissions
  0f 85 fb 00 00 00           jne close
  48 8b 84 24 14 00 01 00     mov rax, [rsp+0x10014]
  48 33 45 28                 xor rax, [rbp+0x28]
  48 85 83 a8 00 00 00        test [rbx+0xa8], rax                ; owner, where it counts
  0f 85 e2 00 00 00           jne close
  48 8b 84 24 70 00 01 00     mov rax, [rsp+0x10070]
  48 33 43 30                 xor rax, [rbx+0x30]
  48 85 83 b0 00 00 00        test [rbx+0xb0], rax                ; time, where it counts
  0f 85 c9 00 00 00           jne close
  4c 8b 6d 18                 mov r13, [rbp+0x18]
  4c 3b ac 24 28 00 01 00     cmp r13, [rsp+0x10028]              ; size
  0f 85 b7 00 00 00           jne close
  45 85 e4                    test r12d, r12d
  0f 88 56 ff ff ff           js open
opened:
  8b 83 b8 00 00 00           mov eax, [rbx+0xb8]
  85 45 14                    test [rbp+0x14], eax                ; whether it could be used
  74 1d                       je content
  44 89 e7                    mov edi, r12d
  48 8d b3 c8 00 00 00        lea rsi, [rbx+0xc8]
  31 d2                       xor edx, edx
  31 c9                       xor ecx, ecx
  ff 93 c0 00 00 00           call [rbx+0xc0]                     ; fgetxattr
  48 85 c0                    test rax, rax
  0f 8f 86 00 00 00           jg close                            ; there is one
content:
  48 8d bc 24 00 01 01 00     lea rdi, [rsp+0x10100]
  ff 53 58                    call [rbx+0x58]                     ; SHA256_Init
read:
  4d 85 ed                    test r13, r13
  74 30                       je final
  44 89 e7                    mov edi, r12d
  48 89 e6                    mov rsi, rsp
  ba 00 00 01 00              mov edx, 0x10000                    ; as much as there is room
  49 39 d5                    cmp r13, rdx
  49 0f 42 d5                 cmovb rdx, r13
  ff 53 48                    call [rbx+0x48]                     ; read
  48 85 c0                    test rax, rax
  7e 5c                       jle close
  49 29 c5                    sub r13, rax
  48 8d bc 24 00 01 01 00     lea rdi, [rsp+0x10100]
  48 89 e6                    mov rsi, rsp
  48 89 c2                    mov rdx, rax
  ff 53 60                    call [rbx+0x60]                     ; SHA256_Update
  eb cb                       jmp read
final:
  48 8d bc 24 c0 01 01 00     lea rdi, [rsp+0x101c0]
  48 8d b4 24 00 01 01 00     lea rsi, [rsp+0x10100]
  ff 53 68                    call [rbx+0x68]                     ; SHA256_Final
  48 8b 75 08                 mov rsi, [rbp+0x8]
  31 c9                       xor ecx, ecx
digit:
  89 c8                       mov eax, ecx
  d1 e8                       shr eax, 1
  0f b6 84 04 c0 01 01 00     movzx eax, [rsp+rax+0x101c0]
  f6 c1 01                    test cl, 1
  75 03                       jne low
  c1 e8 04                    shr eax, 4
low:
  83 e0 0f                    and eax, 0xf
  8a 84 03 88 00 00 00        mov al, [rbx+rax+0x88]              ; the digit
  3a 04 0e                    cmp al, [rsi+rcx]
  75 0a                       jne close
  ff c1                       inc ecx
  83 f9 40                    cmp ecx, 0x40
  75 d6                       jne digit
  41 ff c6                    inc r14d
close:
  44 89 e7                    mov edi, r12d
  ff 53 50                    call [rbx+0x50]                     ; close
finish:
  44 89 75 20                 mov [rbp+0x20], r14d
  f0 48 ff 43 10              lock inc [rbx+0x10]                 ; one more is done
  e9 4e fe ff ff              jmp claim
idle:
  48 85 d2                    test rdx, rdx
  75 0d                       jne out
  bf 32 00 00 00              mov edi, 0x32                       ; 50 microseconds
  ff 53 70                    call [rbx+0x70]                     ; usleep
  e9 3c fe ff ff              jmp claim
out:
  31 c0                       xor eax, eax
  48 81 c4 00 02 01 00        add rsp, 0x10200
  41 5e                       pop r14
  41 5d                       pop r13
  41 5c                       pop r12
  5d                          pop rbp
  5b                          pop rbx
  c3                          ret
`;

/** Words as in manuals, most significant digit first. */
const ARM64 = `
  a9bb7bfd  stp x29, x30, [sp, #-80]!
  a90153f3  stp x19, x20, [sp, #16]
  a9025bf5  stp x21, x22, [sp, #32]
  a90363f7  stp x23, x24, [sp, #48]
  a9046bf9  stp x25, x26, [sp, #64]
  d14043ff  sub sp, sp, #0x10, lsl #12
  d10803ff  sub sp, sp, #0x200
  aa0003f3  mov x19, x0
  914043f8  add x24, sp, #0x10, lsl #12
  91040319  add x25, x24, #0x100
claim:
  91006269  add x9, x19, #0x18
  c8dffd2a  ldar x10, [x9]                        ; whether no more will come, looked at before how many have
  91002269  add x9, x19, #0x8
  c8dffd2b  ldar x11, [x9]
  c85ffe6c  ldaxr x12, [x19]
  eb0b019f  cmp x12, x11
  54000ea2  b.cs idle
  9100058d  add x13, x12, #0x1
  c80efe6d  stlxr w14, x13, [x19]                 ; claim the next one
  35fffeee  cbnz w14, claim
  a9422a69  ldp x9, x10, [x19, #32]
  8a09018c  and x12, x12, x9
  d280060d  mov x13, #0x30
  9b0d2994  madd x20, x12, x13, x10
  52800017  mov w23, #0x0
  12800015  mov w21, #0xffffffff                  ; not open yet
  b9401280  ldr w0, [x20, #16]
  f9400281  ldr x1, [x20]
  52802002  mov w2, #0x100                        ; AT_SYMLINK_NOFOLLOW
  b940be69  ldr w9, [x19, #188]                   ; whether to look before it is opened
  350001c9  cbnz w9, look
open:
  b9401280  ldr w0, [x20, #16]
  f9400281  ldr x1, [x20]
  b9407a62  ldr w2, [x19, #120]
  52800003  mov w3, #0x0
  f9401e69  ldr x9, [x19, #56]                    ; openat
  d63f0120  blr x9
  2a0003f5  mov w21, w0
  37f80b00  tbnz w0, #31, finish
  b940be69  ldr w9, [x19, #188]
  350003c9  cbnz w9, opened
  2a1503e0  mov w0, w21
  91020261  add x1, x19, #0x80
  52820002  mov w2, #0x1000                       ; AT_EMPTY_PATH
look:
  b9407e63  ldr w3, [x19, #124]
  aa1803e4  mov x4, x24
  f9402269  ldr x9, [x19, #64]                    ; statx
  d63f0120  blr x9
  35000960  cbnz w0, close
  79403b09  ldrh w9, [x24, #28]
  b940168a  ldr w10, [x20, #20]
  6b0a013f  cmp w9, w10                           ; kind and permissions
  540008e1  b.ne close
  f8414309  ldur x9, [x24, #20]
  f940168a  ldr x10, [x20, #40]
  ca0a0129  eor x9, x9, x10
  f940566a  ldr x10, [x19, #168]
  ea0a013f  tst x9, x10                           ; owner, where it counts
  54000821  b.ne close
  f9403b09  ldr x9, [x24, #112]
  f9401a6a  ldr x10, [x19, #48]
  ca0a0129  eor x9, x9, x10
  f9405a6a  ldr x10, [x19, #176]
  ea0a013f  tst x9, x10                           ; time, where it counts
  54000761  b.ne close
  f9400e96  ldr x22, [x20, #24]
  f9401709  ldr x9, [x24, #40]
  eb0902df  cmp x22, x9                           ; size
  540006e1  b.ne close
  37fffb55  tbnz w21, #31, open
opened:
  b940ba69  ldr w9, [x19, #184]
  b940168a  ldr w10, [x20, #20]
  6a0a013f  tst w9, w10                           ; whether it could be used
  54000120  b.eq content
  2a1503e0  mov w0, w21
  91032261  add x1, x19, #0xc8
  d2800002  mov x2, #0x0
  d2800003  mov x3, #0x0
  f9406269  ldr x9, [x19, #192]                   ; fgetxattr
  d63f0120  blr x9
  f100001f  cmp x0, #0x0
  5400054c  b.gt close                            ; there is one
content:
  aa1903e0  mov x0, x25
  f9402e69  ldr x9, [x19, #88]                    ; SHA256_Init
  d63f0120  blr x9
read:
  b4000236  cbz x22, final
  2a1503e0  mov w0, w21
  910003e1  mov x1, sp
  d2a00022  mov x2, #0x10000                      ; as much as there is room
  eb0202df  cmp x22, x2
  9a8232c2  csel x2, x22, x2, cc
  f9402669  ldr x9, [x19, #72]                    ; read
  d63f0120  blr x9
  f100001f  cmp x0, #0x0
  540003ad  b.le close
  cb0002d6  sub x22, x22, x0
  aa0003e2  mov x2, x0
  aa1903e0  mov x0, x25
  910003e1  mov x1, sp
  f9403269  ldr x9, [x19, #96]                    ; SHA256_Update
  d63f0120  blr x9
  17fffff0  b read
final:
  9107031a  add x26, x24, #0x1c0
  aa1a03e0  mov x0, x26
  aa1903e1  mov x1, x25
  f9403669  ldr x9, [x19, #104]                   ; SHA256_Final
  d63f0120  blr x9
  f9400689  ldr x9, [x20, #8]
  9102226a  add x10, x19, #0x88
  d280000b  mov x11, #0x0
digit:
  d341fd6c  lsr x12, x11, #1
  386c6b4c  ldrb w12, [x26, x12]
  3700004b  tbnz w11, #0, low
  53047d8c  lsr w12, w12, #4
low:
  92400d8c  and x12, x12, #0xf
  386c694c  ldrb w12, [x10, x12]                  ; the digit
  386b692d  ldrb w13, [x9, x11]
  6b0d019f  cmp w12, w13
  540000a1  b.ne close
  9100056b  add x11, x11, #0x1
  f101017f  cmp x11, #0x40
  54fffea1  b.ne digit
  52800037  mov w23, #0x1
close:
  2a1503e0  mov w0, w21
  f9402a69  ldr x9, [x19, #80]                    ; close
  d63f0120  blr x9
finish:
  b9002297  str w23, [x20, #32]
  91004269  add x9, x19, #0x10
count:
  c85ffd2a  ldaxr x10, [x9]
  9100054a  add x10, x10, #0x1
  c80bfd2a  stlxr w11, x10, [x9]                  ; one more is done
  35ffffab  cbnz w11, count
  17ffff86  b claim
idle:
  d5033f5f  clrex
  b50000aa  cbnz x10, out
  52800640  mov w0, #0x32                         ; 50 microseconds
  f9403a69  ldr x9, [x19, #112]                   ; usleep
  d63f0120  blr x9
  17ffff80  b claim
out:
  d2800000  mov x0, #0x0
  914043ff  add sp, sp, #0x10, lsl #12
  910803ff  add sp, sp, #0x200
  a94153f3  ldp x19, x20, [sp, #16]
  a9425bf5  ldp x21, x22, [sp, #32]
  a94363f7  ldp x23, x24, [sp, #48]
  a9446bf9  ldp x25, x26, [sp, #64]
  a8c57bfd  ldp x29, x30, [sp], #80
  d65f03c0  ret
`;

/** By machine, named as `process.arch` does. */
export const LISTINGS: Readonly<Record<string, string>> = { x64: X64, arm64: ARM64 };
