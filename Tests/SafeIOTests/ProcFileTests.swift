// What the kernel says about processes and machines, read from files of its form.

import SafeIO
import TestSupport
import Testing

@Suite struct ProcFileTests {
  @Test func `a field is found by its whole name, on the first line that has it`() throws {
    let scratch = try Scratch()
    try scratch.write("model\t\t: 106\nmodel name\t: Fast: 2 GHz\nflags:\nmodel name\t: Slow\n", "cpuinfo")
    func field(_ key: String) -> Substring? { ProcFile.field(key, of: scratch.path + "/cpuinfo") }
    #expect(field("model") == "106")
    #expect(field("model name") == "Fast: 2 GHz")
    #expect(field("flags")?.isEmpty == true)
    #expect(field("mode") == nil)
    #expect(ProcFile.field("model", of: scratch.path + "/nowhere") == nil)
  }

  @Test func `memory is given in bytes, and as none where the kernel doesn't tell it`() {
    #expect(ProcFile.memory("VmHWM") > 1 << 20)
    #expect(ProcFile.memory("VmHWM") % 1024 == 0)
    #expect(ProcFile.memory("Name") == 0)
    #expect(ProcFile.memory("NoSuchField") == 0)
  }
}
