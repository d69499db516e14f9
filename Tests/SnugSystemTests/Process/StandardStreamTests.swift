// SPDX-License-Identifier: Apache-2.0
import Glibc
import SnugSystem
import SnugTestSupport
import SystemPackage
import Testing

/// Pipes and terminals as standard streams may be.
@Suite struct StandardStreamTests {
    private static let hasTerminals = (try? FileDescriptor.opening("/dev/ptmx", .readWrite).closeAfter {}) != nil

    @Test("A pipe is readable when something is in it or its other end is gone, and never waits for longer than asked")
    func readable() throws {
        let (output, input) = try FileDescriptor.pipe()
        defer { output.closeIgnoringErrors() }
        #expect(!output.waitUntilReadable(milliseconds: 0))
        try input.writeBytes([1])
        #expect(output.waitUntilReadable(milliseconds: 10_000))
        #expect(try output.readSome(maximum: 10) == [1])
        #expect(!output.waitUntilReadable(milliseconds: 0))
        try input.closing()
        #expect(output.waitUntilReadable(milliseconds: 10_000))
        #expect(try output.readSome(maximum: 10).isEmpty)
    }

    @Test("A pipe that is full takes nothing until something is read")
    func writable() throws {
        let (output, input) = try FileDescriptor.pipe()
        defer {
            output.closeIgnoringErrors()
            input.closeIgnoringErrors()
        }
        #expect(input.waitUntilWritable(milliseconds: 0))
        try #require(fcntl(input.rawValue, F_SETFL, O_NONBLOCK) == 0)
        let block = [UInt8](repeating: 7, count: 4_096)
        var left = 0
        while case let count = unsafe write(input.rawValue, block, block.count), count > 0 { left += count }
        #expect(errno == EAGAIN && left > 0 && !input.waitUntilWritable(milliseconds: 0))
        while left > 0 { left -= try output.readSome(maximum: left).count }
        #expect(input.waitUntilWritable(milliseconds: 10_000))
    }

    @Test("Pipes and files are no terminals and have no columns")
    func noTerminal() throws {
        let folder = try TemporaryFolder()
        try folder.write([1, 2], to: "a")
        let file = try FileDescriptor.opening(folder.path.appending("a"), .readOnly)
        let (output, input) = try FileDescriptor.pipe()
        for descriptor in [file, output, input] {
            #expect(!descriptor.isTerminal && descriptor.terminalColumns == nil)
            descriptor.closeIgnoringErrors()
        }
    }

    @Test("A terminal tells its columns once it knows them", .enabled(if: StandardStreamTests.hasTerminals))
    func terminal() throws {
        let terminal = try FileDescriptor.opening("/dev/ptmx", .readWrite)
        defer { terminal.closeIgnoringErrors() }
        #expect(terminal.isTerminal && terminal.terminalColumns == nil)
        for columns in [80, 1, 65_535] as [UInt16] {
            var size = winsize(ws_row: 24, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0)
            #expect(unsafe ioctl(terminal.rawValue, UInt(TIOCSWINSZ), &size) == 0)
            #expect(terminal.terminalColumns == Int(columns))
        }
    }
}
