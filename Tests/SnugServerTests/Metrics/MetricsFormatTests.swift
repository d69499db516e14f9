// SPDX-License-Identifier: Apache-2.0
import SnugTestSupport
import Testing

@testable import SnugServer

/// The text of `/metrics`, read by a strict parser of the exposition format 0.0.4.
@Suite struct MetricsFormatTests {
    /// What is wrong with a text.
    struct Fault: Error { var line: String }

    /// The samples of a text by name and labels, and the type of each family.
    struct Exposition {
        var types: [String: String] = [:]
        var samples: [String: Double] = [:]

        init(_ text: String) throws {
            guard text.hasSuffix("\n") else { throw Fault(line: "no end of line at the end") }
            for line in text.dropLast().split(separator: "\n", omittingEmptySubsequences: false) {
                if let match = line.wholeMatch(of: /# TYPE ([a-zA-Z_:][a-zA-Z0-9_:]*) (counter|gauge|histogram)/) {
                    guard types.updateValue(String(match.output.2), forKey: String(match.output.1)) == nil else {
                        throw Fault(line: String(line))
                    }
                    continue
                }
                let sample = /([a-zA-Z_:][a-zA-Z0-9_:]*)(\{.*\})? ([0-9.eE+-]+|\+Inf|NaN)/
                guard let match = line.wholeMatch(of: sample), let value = Double(String(match.output.3)) else {
                    throw Fault(line: String(line))
                }
                let labels = match.output.2.map(String.init) ?? ""
                let label = /[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\["\\n])*"/
                let rest = labels.replacing(label, with: "L")
                guard labels.isEmpty || rest.wholeMatch(of: /\{L(,L)*\}/) != nil else {
                    throw Fault(line: String(line))
                }
                let name = String(match.output.1)
                guard types[name] != nil || types[Self.family(name)] == "histogram" else { throw Fault(line: name) }
                guard samples.updateValue(value, forKey: name + labels) == nil else { throw Fault(line: String(line)) }
            }
        }

        static func family(_ name: String) -> String {
            for suffix in ["_bucket", "_sum", "_count"] where name.hasSuffix(suffix) {
                return String(name.dropLast(suffix.count))
            }
            return name
        }

        /// Values that only grow.
        var growing: [String: Double] {
            samples.filter { key, _ in
                let name = String(key.prefix { $0 != "{" })
                return types[name] == "counter" || types[Self.family(name)] == "histogram"
            }
        }
    }

    private static func exposition(_ server: TestServer) async throws -> Exposition {
        try Exposition(try await server.send("/metrics").text)
    }

    @Test("Every line is one that Prometheus reads, whatever clients sent, and no counter falls")
    func format() async throws {
        try await withServer { server in
            var last = try await Self.exposition(server)
            for round in 0..<3 {
                _ = try await server.fit(TestImage.small)
                _ = try await server.fit([1, 2, 3], "limit=%22%5C%0A")
                _ = try await server.send("GET", "/a\"b\\c{d}=\(round)")
                let next = try await Self.exposition(server)
                for (name, value) in last.growing { #expect((next.samples[name] ?? -1) >= value, "\(name)") }
                #expect(next.types.count >= last.types.count)
                last = next
            }
        }
    }

    @Test("The buckets of a histogram grow with their bounds, and the last one is its count")
    func histograms() async throws {
        try await withServer { server in
            for _ in 0..<3 { _ = try await server.fit(TestImage.small) }
            let exposition = try await Self.exposition(server)
            var buckets: [String: [(bound: Double, count: Double)]] = [:]
            for (key, value) in exposition.samples {
                guard let match = key.wholeMatch(of: /(.*)_bucket\{(.*?),?le="([^"]*)"\}/) else { continue }
                let bound = match.output.3 == "+Inf" ? Double.infinity : try #require(Double(String(match.output.3)))
                let labels = match.output.2.isEmpty ? "" : "{\(match.output.2)}"
                buckets["\(match.output.1)_count\(labels)", default: []].append((bound, value))
            }
            #expect(buckets.count >= 3)
            for (name, entries) in buckets {
                let sorted = entries.sorted { $0.bound < $1.bound }
                #expect(sorted.last?.bound == .infinity, "\(name)")
                #expect(sorted.last?.count == exposition.samples[name], "\(name)")
                for (low, high) in zip(sorted, sorted.dropFirst()) { #expect(low.count <= high.count, "\(name)") }
            }
        }
    }

    @Test("The parser refuses what Prometheus refuses")
    func strict() {
        for text in [
            "a 1", "# TYPE a counter\na\n", "# TYPE a counter\na{b=c} 1\n", "# TYPE a counter\na{b=\"\"\"} 1\n",
            "# TYPE a counter\na 1\na 1\n", "a 1\n", "# TYPE a counter\n1a 1\n", "# TYPE a counter\na x\n", "\n",
        ] {
            #expect(throws: Fault.self, "\(text)") { try Exposition(text) }
        }
    }
}
