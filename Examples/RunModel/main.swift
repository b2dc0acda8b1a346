import Glibc
import Inference

// run-model FILE.tflite: runs a model once on zeros.
guard CommandLine.arguments.count == 2 else {
  print("usage: run-model FILE.tflite")
  exit(64)
}
do {
  var options = CompilerOptions()
  options.threadCount = 2

  // A program holds the packed weights, and may be shared; a session holds the memory of one run at a time.
  let program = try Program(path: CommandLine.arguments[1], options: options)
  let session = Session(program)
  for (index, input) in program.inputs.enumerated() {
    print("input \(index): \(input.type) \(input.shape)")
    session.withInput(index) { bytes in for position in bytes.indices { bytes[position] = 0 } }
  }

  // Cannot fail, and allocates nothing.
  session.invoke()

  for (index, output) in program.outputs.enumerated() {
    session.withOutput(index) { bytes in
      print("output \(index): \(output.type) \(output.shape), first bytes \(bytes.prefix(4).map { Int($0) })")
    }
  }
} catch {
  print(error)
  exit(65)
}
