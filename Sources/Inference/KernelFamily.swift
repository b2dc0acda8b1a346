import CKernels

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// One instruction-set family of kernels, as this build and this processor have it.
public struct KernelFamily: Sendable {
  /// The name, for example "generic" or "avx2".
  public let name: String
  /// The table; it lives as long as the process.
  let table: KernelTable

  /// The families that can run here, best first; "generic" is always the last.
  public static var available: [KernelFamily] {
    let count = maskd_kernels_available(nil, 0)
    return [UnsafePointer<maskd_kernels>?](unsafeUninitializedCapacity: count) { buffer, written in
      written = min(count, maskd_kernels_available(buffer.baseAddress, count))
    }.compactMap { $0 }.map(KernelFamily.init)
  }

  /// The family of that name, or the best one for nil.
  static func named(_ name: String?) throws(CompilationError) -> KernelFamily {
    let families = available
    guard let name = name ?? getenv("MASKD_KERNELS").map({ String(cString: $0) }), !name.isEmpty else {
      guard let best = families.first else { throw .unknownKernelFamily("generic", available: []) }
      return best
    }
    guard let family = families.first(where: { $0.name == name }) else {
      throw .unknownKernelFamily(name, available: families.map(\.name))
    }
    return family
  }

  /// Bytes of one int8 weight in packed form.
  var weightByteCount: Int { table.pointer.pointee.gemm_s8_shape.weight_bytes }

  private init(_ pointer: UnsafePointer<maskd_kernels>) {
    name = String(cString: pointer.pointee.family)
    table = KernelTable(pointer: pointer)
  }
}

/// A pointer to a constant table of C, which may be read from any thread.
struct KernelTable: @unchecked Sendable {
  let pointer: UnsafePointer<maskd_kernels>
}

extension KernelFamily {
  /// Multiplies int8 values in registers alone, as fast as the family's own instruction goes, and returns how many
  /// multiply-accumulates that were: with the time it took, the most that a kernel of the family can reach.
  public func multiply(repeats: Int) -> Int {
    guard let multiply = table.pointer.pointee.multiply_peak_s8 else { return 0 }
    return Int(truncatingIfNeeded: multiply(max(0, repeats)))
  }
}
