/// A time of day in UTC, as RFC 3339 writes it.
struct Timestamp: Equatable {
  let year, month, day: UInt64
  let hour, minute, second, millisecond: UInt64

  /// Takes µs since 1970; what is finer than a millisecond is cut off.
  init(_ microseconds: UInt64) {
    let milliseconds = microseconds / 1000
    let seconds = milliseconds / 1000
    millisecond = milliseconds % 1000
    second = seconds % 60
    minute = seconds / 60 % 60
    hour = seconds / 3600 % 24
    (year, month, day) = Self.date(daysSince1970: seconds / 86_400)
  }

  /// The Gregorian calendar, counted in eras of 400 years that begin on 1 March, so that the leap day comes last.
  private static func date(daysSince1970 days: UInt64) -> (UInt64, UInt64, UInt64) {
    let shifted = days + 719_468
    let era = shifted / 146_097
    let dayOfEra = shifted % 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shiftedMonth = (5 * dayOfYear + 2) / 153
    let day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
    let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
    return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day)
  }

  func write(into writer: inout LineWriter) {
    writer.digits(year, atLeast: 4)
    writer.literal("-")
    writer.digits(month, atLeast: 2)
    writer.literal("-")
    writer.digits(day, atLeast: 2)
    writer.literal("T")
    writer.digits(hour, atLeast: 2)
    writer.literal(":")
    writer.digits(minute, atLeast: 2)
    writer.literal(":")
    writer.digits(second, atLeast: 2)
    writer.literal(".")
    writer.digits(millisecond, atLeast: 3)
    writer.literal("Z")
  }
}
