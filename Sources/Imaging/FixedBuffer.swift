/// Memory of a size fixed at its making, for the rows and tables on the path of a frame.
///
/// Its owner works with the pointers; debug builds check every index of `elements` and of the subscript.
struct FixedBuffer<Element: BitwiseCopyable>: ~Copyable {
  let start: UnsafeMutablePointer<Element>
  let count: Int

  init(repeating value: Element, count: Int) {
    start = .allocate(capacity: count)
    start.initialize(repeating: value, count: count)
    self.count = count
  }

  init(_ values: [Element]) {
    self.init(count: values.count)
    _ = elements.initialize(from: values)
  }

  private init(count: Int) {
    start = .allocate(capacity: count)
    self.count = count
  }

  deinit {
    start.deallocate()
  }

  var elements: UnsafeMutableBufferPointer<Element> { UnsafeMutableBufferPointer(start: start, count: count) }

  subscript(index: Int) -> Element {
    get { elements[index] }
    nonmutating set { elements[index] = newValue }
  }
}
