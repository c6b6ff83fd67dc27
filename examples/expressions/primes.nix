# Laziness at work: the list of primes is defined by itself.
let
  divides = d: n: n - n / d * d == 0;
  isPrime =
    n:
    n > 1
    && !(builtins.any (d: divides d n) (
      builtins.filter (d: d * d <= n) (builtins.genList (i: i + 2) (n - 2))
    ));
in
builtins.filter isPrime (builtins.genList (i: i) 50)
