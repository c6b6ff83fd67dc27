# A list made by a function: `igos eval --strict --file examples/expressions/fizzbuzz.nix`
let
  divides = d: n: n - n / d * d == 0;
  word =
    n:
    if divides 15 n then
      "FizzBuzz"
    else if divides 5 n then
      "Buzz"
    else if divides 3 n then
      "Fizz"
    else
      toString n;
in
builtins.genList (i: word (i + 1)) 15
