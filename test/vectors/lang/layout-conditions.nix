# Conditions and defaults that do not fit, comments beside values.
{ a ? if someVeryLongConditionHere then "a long enough text to break this line" else "another such text here, longer", b ? [ 1 2 ],
  # own
  e ? null # of no use
  , f ? null, c ? # why
 d }:
assert (aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa && bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb && ccccccccccccccccccccc);
assert aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa && bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb && ccccccccccccccccccccc;
assert lib.assertMsg (a == b) ''
  no
'';
{
  x = if aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa && bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb && ccccccccccccccccccccc then 1 else if (aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa && bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb && ccccccccccccccccccccc) then 2 else 3;
  y = if (f (x)) # both
    then y else if z # last
    then 1 else 2;
  z = a || # why
    b ||
    # own line
    c;
  lua = /* lua */ ''
    a
  '';
  json = # json
   { a = 1; b = 2; };
  f = g x /* sh */ ''
    b
    '';
  text = # sh
    ''
      a
    '';
}
