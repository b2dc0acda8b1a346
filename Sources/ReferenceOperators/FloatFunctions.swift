// The functions of the C library that Swift itself does not have, in single precision as the reference kernels use them.
#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

func exponential(_ x: Float) -> Float { exp(x) }
func exponential(_ x: Double) -> Double { exp(x) }
func logarithm(_ x: Float) -> Float { log(x) }
func hyperbolicTangent(_ x: Float) -> Float { tanh(x) }
func exponentialLessOne(_ x: Float) -> Float { expm1(x) }
func complementaryErrorFunction(_ x: Float) -> Float { erfc(x) }
