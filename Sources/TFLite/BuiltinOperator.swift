/// The operators of the schema's list, by the number that the file holds. Source: schema version 3, BuiltinOperator.
public enum BuiltinOperator: Int, Sendable, CaseIterable {
  case add = 0
  case averagePool2D = 1
  case concatenation = 2
  case convolution2D = 3
  case depthwiseConvolution2D = 4
  case depthToSpace = 5
  case dequantize = 6
  case embeddingLookup = 7
  case floor = 8
  case fullyConnected = 9
  case hashtableLookup = 10
  case l2Normalization = 11
  case l2Pool2d = 12
  case localResponseNormalization = 13
  case logistic = 14
  case lshProjection = 15
  case lstm = 16
  case maxPool2D = 17
  case mul = 18
  case relu = 19
  case reluN1To1 = 20
  case relu6 = 21
  case reshape = 22
  case resizeBilinear = 23
  case rnn = 24
  case softmax = 25
  case spaceToDepth = 26
  case svdf = 27
  case tanh = 28
  case concatEmbeddings = 29
  case skipGram = 30
  case call = 31
  case custom = 32
  case embeddingLookupSparse = 33
  case pad = 34
  case unidirectionalSequenceRnn = 35
  case gather = 36
  case batchToSpaceNd = 37
  case spaceToBatchNd = 38
  case transpose = 39
  case mean = 40
  case sub = 41
  case div = 42
  case squeeze = 43
  case unidirectionalSequenceLstm = 44
  case stridedSlice = 45
  case bidirectionalSequenceRnn = 46
  case exp = 47
  case topkV2 = 48
  case split = 49
  case logSoftmax = 50
  case delegate = 51
  case bidirectionalSequenceLstm = 52
  case cast = 53
  case prelu = 54
  case maximum = 55
  case argMax = 56
  case minimum = 57
  case less = 58
  case neg = 59
  case padv2 = 60
  case greater = 61
  case greaterEqual = 62
  case lessEqual = 63
  case select = 64
  case slice = 65
  case sin = 66
  case transposeConv = 67
  case sparseToDense = 68
  case tile = 69
  case expandDims = 70
  case equal = 71
  case notEqual = 72
  case log = 73
  case sum = 74
  case sqrt = 75
  case rsqrt = 76
  case shape = 77
  case pow = 78
  case argMin = 79
  case fakeQuant = 80
  case reduceProd = 81
  case reduceMax = 82
  case pack = 83
  case logicalOr = 84
  case oneHot = 85
  case logicalAnd = 86
  case logicalNot = 87
  case unpack = 88
  case reduceMin = 89
  case floorDiv = 90
  case reduceAny = 91
  case square = 92
  case zerosLike = 93
  case fill = 94
  case floorMod = 95
  case range = 96
  case resizeNearestNeighbor = 97
  case leakyRelu = 98
  case squaredDifference = 99
  case mirrorPad = 100
  case abs = 101
  case splitV = 102
  case unique = 103
  case ceil = 104
  case reverseV2 = 105
  case addN = 106
  case gatherNd = 107
  case cos = 108
  case `where` = 109
  case rank = 110
  case elu = 111
  case reverseSequence = 112
  case matrixDiag = 113
  case quantize = 114
  case matrixSetDiag = 115
  case round = 116
  case hardSwish = 117
  case `if` = 118
  case `while` = 119
  case nonMaxSuppressionV4 = 120
  case nonMaxSuppressionV5 = 121
  case scatterNd = 122
  case selectV2 = 123
  case densify = 124
  case segmentSum = 125
  case batchMatmul = 126
  case placeholderForGreaterOpCodes = 127
  case cumsum = 128
  case callOnce = 129
  case broadcastTo = 130
  case rfft2d = 131
  case conv3d = 132
  case imag = 133
  case real = 134
  case complexAbs = 135
  case hashtable = 136
  case hashtableFind = 137
  case hashtableImport = 138
  case hashtableSize = 139
  case reduceAll = 140
  case conv3dTranspose = 141
  case varHandle = 142
  case readVariable = 143
  case assignVariable = 144
  case broadcastArgs = 145
  case randomStandardNormal = 146
  case bucketize = 147
  case randomUniform = 148
  case multinomial = 149
  case gelu = 150
  case dynamicUpdateSlice = 151
  case relu0To1 = 152
  case unsortedSegmentProd = 153
  case unsortedSegmentMax = 154
  case unsortedSegmentSum = 155
  case atan2 = 156
  case unsortedSegmentMin = 157
  case sign = 158
  case bitcast = 159
  case bitwiseXor = 160
  case rightShift = 161

  /// The name that the schema gives, for example `CONV_2D`.
  public var name: String {
    switch self {
    case .add: "ADD"
    case .averagePool2D: "AVERAGE_POOL_2D"
    case .concatenation: "CONCATENATION"
    case .convolution2D: "CONV_2D"
    case .depthwiseConvolution2D: "DEPTHWISE_CONV_2D"
    case .depthToSpace: "DEPTH_TO_SPACE"
    case .dequantize: "DEQUANTIZE"
    case .embeddingLookup: "EMBEDDING_LOOKUP"
    case .floor: "FLOOR"
    case .fullyConnected: "FULLY_CONNECTED"
    case .hashtableLookup: "HASHTABLE_LOOKUP"
    case .l2Normalization: "L2_NORMALIZATION"
    case .l2Pool2d: "L2_POOL_2D"
    case .localResponseNormalization: "LOCAL_RESPONSE_NORMALIZATION"
    case .logistic: "LOGISTIC"
    case .lshProjection: "LSH_PROJECTION"
    case .lstm: "LSTM"
    case .maxPool2D: "MAX_POOL_2D"
    case .mul: "MUL"
    case .relu: "RELU"
    case .reluN1To1: "RELU_N1_TO_1"
    case .relu6: "RELU6"
    case .reshape: "RESHAPE"
    case .resizeBilinear: "RESIZE_BILINEAR"
    case .rnn: "RNN"
    case .softmax: "SOFTMAX"
    case .spaceToDepth: "SPACE_TO_DEPTH"
    case .svdf: "SVDF"
    case .tanh: "TANH"
    case .concatEmbeddings: "CONCAT_EMBEDDINGS"
    case .skipGram: "SKIP_GRAM"
    case .call: "CALL"
    case .custom: "CUSTOM"
    case .embeddingLookupSparse: "EMBEDDING_LOOKUP_SPARSE"
    case .pad: "PAD"
    case .unidirectionalSequenceRnn: "UNIDIRECTIONAL_SEQUENCE_RNN"
    case .gather: "GATHER"
    case .batchToSpaceNd: "BATCH_TO_SPACE_ND"
    case .spaceToBatchNd: "SPACE_TO_BATCH_ND"
    case .transpose: "TRANSPOSE"
    case .mean: "MEAN"
    case .sub: "SUB"
    case .div: "DIV"
    case .squeeze: "SQUEEZE"
    case .unidirectionalSequenceLstm: "UNIDIRECTIONAL_SEQUENCE_LSTM"
    case .stridedSlice: "STRIDED_SLICE"
    case .bidirectionalSequenceRnn: "BIDIRECTIONAL_SEQUENCE_RNN"
    case .exp: "EXP"
    case .topkV2: "TOPK_V2"
    case .split: "SPLIT"
    case .logSoftmax: "LOG_SOFTMAX"
    case .delegate: "DELEGATE"
    case .bidirectionalSequenceLstm: "BIDIRECTIONAL_SEQUENCE_LSTM"
    case .cast: "CAST"
    case .prelu: "PRELU"
    case .maximum: "MAXIMUM"
    case .argMax: "ARG_MAX"
    case .minimum: "MINIMUM"
    case .less: "LESS"
    case .neg: "NEG"
    case .padv2: "PADV2"
    case .greater: "GREATER"
    case .greaterEqual: "GREATER_EQUAL"
    case .lessEqual: "LESS_EQUAL"
    case .select: "SELECT"
    case .slice: "SLICE"
    case .sin: "SIN"
    case .transposeConv: "TRANSPOSE_CONV"
    case .sparseToDense: "SPARSE_TO_DENSE"
    case .tile: "TILE"
    case .expandDims: "EXPAND_DIMS"
    case .equal: "EQUAL"
    case .notEqual: "NOT_EQUAL"
    case .log: "LOG"
    case .sum: "SUM"
    case .sqrt: "SQRT"
    case .rsqrt: "RSQRT"
    case .shape: "SHAPE"
    case .pow: "POW"
    case .argMin: "ARG_MIN"
    case .fakeQuant: "FAKE_QUANT"
    case .reduceProd: "REDUCE_PROD"
    case .reduceMax: "REDUCE_MAX"
    case .pack: "PACK"
    case .logicalOr: "LOGICAL_OR"
    case .oneHot: "ONE_HOT"
    case .logicalAnd: "LOGICAL_AND"
    case .logicalNot: "LOGICAL_NOT"
    case .unpack: "UNPACK"
    case .reduceMin: "REDUCE_MIN"
    case .floorDiv: "FLOOR_DIV"
    case .reduceAny: "REDUCE_ANY"
    case .square: "SQUARE"
    case .zerosLike: "ZEROS_LIKE"
    case .fill: "FILL"
    case .floorMod: "FLOOR_MOD"
    case .range: "RANGE"
    case .resizeNearestNeighbor: "RESIZE_NEAREST_NEIGHBOR"
    case .leakyRelu: "LEAKY_RELU"
    case .squaredDifference: "SQUARED_DIFFERENCE"
    case .mirrorPad: "MIRROR_PAD"
    case .abs: "ABS"
    case .splitV: "SPLIT_V"
    case .unique: "UNIQUE"
    case .ceil: "CEIL"
    case .reverseV2: "REVERSE_V2"
    case .addN: "ADD_N"
    case .gatherNd: "GATHER_ND"
    case .cos: "COS"
    case .where: "WHERE"
    case .rank: "RANK"
    case .elu: "ELU"
    case .reverseSequence: "REVERSE_SEQUENCE"
    case .matrixDiag: "MATRIX_DIAG"
    case .quantize: "QUANTIZE"
    case .matrixSetDiag: "MATRIX_SET_DIAG"
    case .round: "ROUND"
    case .hardSwish: "HARD_SWISH"
    case .if: "IF"
    case .while: "WHILE"
    case .nonMaxSuppressionV4: "NON_MAX_SUPPRESSION_V4"
    case .nonMaxSuppressionV5: "NON_MAX_SUPPRESSION_V5"
    case .scatterNd: "SCATTER_ND"
    case .selectV2: "SELECT_V2"
    case .densify: "DENSIFY"
    case .segmentSum: "SEGMENT_SUM"
    case .batchMatmul: "BATCH_MATMUL"
    case .placeholderForGreaterOpCodes: "PLACEHOLDER_FOR_GREATER_OP_CODES"
    case .cumsum: "CUMSUM"
    case .callOnce: "CALL_ONCE"
    case .broadcastTo: "BROADCAST_TO"
    case .rfft2d: "RFFT2D"
    case .conv3d: "CONV_3D"
    case .imag: "IMAG"
    case .real: "REAL"
    case .complexAbs: "COMPLEX_ABS"
    case .hashtable: "HASHTABLE"
    case .hashtableFind: "HASHTABLE_FIND"
    case .hashtableImport: "HASHTABLE_IMPORT"
    case .hashtableSize: "HASHTABLE_SIZE"
    case .reduceAll: "REDUCE_ALL"
    case .conv3dTranspose: "CONV_3D_TRANSPOSE"
    case .varHandle: "VAR_HANDLE"
    case .readVariable: "READ_VARIABLE"
    case .assignVariable: "ASSIGN_VARIABLE"
    case .broadcastArgs: "BROADCAST_ARGS"
    case .randomStandardNormal: "RANDOM_STANDARD_NORMAL"
    case .bucketize: "BUCKETIZE"
    case .randomUniform: "RANDOM_UNIFORM"
    case .multinomial: "MULTINOMIAL"
    case .gelu: "GELU"
    case .dynamicUpdateSlice: "DYNAMIC_UPDATE_SLICE"
    case .relu0To1: "RELU_0_TO_1"
    case .unsortedSegmentProd: "UNSORTED_SEGMENT_PROD"
    case .unsortedSegmentMax: "UNSORTED_SEGMENT_MAX"
    case .unsortedSegmentSum: "UNSORTED_SEGMENT_SUM"
    case .atan2: "ATAN2"
    case .unsortedSegmentMin: "UNSORTED_SEGMENT_MIN"
    case .sign: "SIGN"
    case .bitcast: "BITCAST"
    case .bitwiseXor: "BITWISE_XOR"
    case .rightShift: "RIGHT_SHIFT"
    }
  }
}
