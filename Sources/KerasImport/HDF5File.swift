import CHDF5

/// An open HDF5 file, read through libhdf5.
struct HDF5File: ~Copyable {
  private let file: HDF5Identifier

  /// One dataset has at most this many bytes as float: more than any layer of a classifier.
  static let byteCountMax = 1 << 30

  /// Opens a file on disk; nil where it is no HDF5 file.
  init?(path: String) {
    chdf5_silence()
    guard let file = HDF5Identifier(chdf5_open(path), H5Fclose) else { return nil }
    self.file = file
  }

  /// Opens the bytes of a file; nil where they are none of HDF5.
  init?(bytes: [UInt8]) {
    chdf5_silence()
    var bytes = bytes
    let opened = bytes.withUnsafeMutableBytes { chdf5_open_image($0.baseAddress, $0.count) }
    guard let file = HDF5Identifier(opened, H5Fclose) else { return nil }
    self.file = file
  }

  /// The strings of an attribute; nil where there is none, or it holds something else.
  func strings(_ attribute: String, of path: String) -> [String]? {
    guard let object = HDF5Identifier(chdf5_open_object(file.id, path), H5Oclose),
      let attribute = HDF5Identifier(chdf5_open_attribute(object.id, attribute), H5Aclose),
      let type = HDF5Identifier(H5Aget_type(attribute.id), H5Tclose),
      let space = HDF5Identifier(H5Aget_space(attribute.id), H5Sclose), H5Tget_class(type.id) == H5T_STRING
    else { return nil }
    let count = Int(H5Sget_simple_extent_npoints(space.id))
    guard count >= 0, count <= 1 << 20 else { return nil }
    return H5Tis_variable_str(type.id) > 0
      ? Self.variableStrings(attribute.id, type.id, space.id, count)
      : Self.fixedStrings(attribute.id, type.id, count)
  }

  private static func fixedStrings(_ attribute: hid_t, _ type: hid_t, _ count: Int) -> [String]? {
    let size = H5Tget_size(type)
    guard size > 0, size * count <= 256 << 20 else { return nil }
    var bytes = [UInt8](repeating: 0, count: size * count)
    guard bytes.withUnsafeMutableBytes({ H5Aread(attribute, type, $0.baseAddress) }) >= 0 else { return nil }
    return (0..<count).map { index in
      String(decoding: bytes[index * size..<(index + 1) * size].prefix { $0 != 0 }, as: UTF8.self)
    }
  }

  private static func variableStrings(
    _ attribute: hid_t, _ type: hid_t, _ space: hid_t, _ count: Int
  ) -> [String]? {
    var pointers = [UnsafeMutablePointer<CChar>?](repeating: nil, count: count)
    guard pointers.withUnsafeMutableBytes({ H5Aread(attribute, type, $0.baseAddress) }) >= 0 else { return nil }
    let strings = pointers.map { $0.map { String(cString: $0) } ?? "" }
    _ = pointers.withUnsafeMutableBytes { H5Dvlen_reclaim(type, space, 0, $0.baseAddress) }
    return strings
  }

  /// A dataset of numbers, as float.
  func array(at path: String) throws(KerasImportError) -> WeightArray {
    guard let dataset = HDF5Identifier(chdf5_open_dataset(file.id, path), H5Dclose),
      let space = HDF5Identifier(H5Dget_space(dataset.id), H5Sclose)
    else { throw .malformed("there are no weights at \(path)") }
    let rank = Int(H5Sget_simple_extent_ndims(space.id))
    guard (0...8).contains(rank) else { throw .malformed("the weights at \(path) have \(rank) dimensions") }
    var sizes = [hsize_t](repeating: 0, count: max(1, rank))
    H5Sget_simple_extent_dims(space.id, &sizes, nil)
    var count = 1
    for size in sizes.prefix(rank) {
      let (product, overflow) = count.multipliedReportingOverflow(by: Int(clamping: size))
      guard !overflow, product <= Self.byteCountMax / 4 else {
        throw .malformed("the weights at \(path) take more than \(Self.byteCountMax) bytes")
      }
      count = product
    }
    var values = [Float](repeating: 0, count: count)
    guard chdf5_read_floats(dataset.id, &values) >= 0 else {
      throw .malformed("the weights at \(path) cannot be read as numbers")
    }
    return WeightArray(shape: sizes.prefix(rank).map { Int($0) }, values: values)
  }
}

/// Numbers of a layer, the last dimension running fastest.
struct WeightArray {
  let shape: [Int]
  let values: [Float]
}

/// An identifier that libhdf5 gave, closed with its owner.
private struct HDF5Identifier: ~Copyable {
  let id: hid_t
  private let close: (hid_t) -> herr_t

  /// nil for an identifier that says failure.
  init?(_ id: hid_t, _ close: @escaping (hid_t) -> herr_t) {
    guard id >= 0 else { return nil }
    self.id = id
    self.close = close
  }

  deinit { _ = close(id) }
}
