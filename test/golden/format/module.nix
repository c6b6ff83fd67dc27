# A module in the older style.
{
  config,
  lib, # the library

  # Whether to
  enable ? true,
  extra /* x */ ,
  more, # about last

  last,
  # at the end
}:

with lib;

with import ./a.nix;
with import ./b.nix;

self:

assert enable;

let
  x =
    with a;
    with b;
    {
      c = 1;
      d = 2;
    };
  y = with a; with b; [ c ];
  z =
    { a, b }:

    with c;

    {
      d = 1;
      e = 2;
    };
in

{
  options = { };
}
