# A derivation on 5,000 texts, each with up to three references to others: a graph 5,000 deep.
{ salt, n ? 5000 }:
let
  paths = builtins.genList (i: builtins.toFile "object-${toString i}" ''
    ${salt} object ${toString i}
    ${if i > 0 then builtins.elemAt paths (i - 1) else ""}
    ${if i > 9 then builtins.elemAt paths (i - 9) else ""}
    ${if i > 1 then builtins.elemAt paths (i / 2) else ""}
  '') n;
in
derivation {
  name = "top-${salt}";
  system = "x86_64-linux";
  builder = "/bin/sh";
  top = builtins.elemAt paths (n - 1);
}
