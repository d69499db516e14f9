// SPDX-License-Identifier: Apache-2.0
import SnugSystem
import SnugTestSupport
import SystemPackage
import Testing

@testable import SnugPipeline

@Suite("A sidecar")
struct SidecarTests {
    private func parse(_ text: String) -> Sidecar.State { Sidecar.parse(Array(text.utf8)) }

    private func message(_ text: String) -> String? {
        if case .invalid(let error) = parse(text) { error.message } else { nil }
    }

    @Test("Known keys are understood")
    func known() {
        let text = """
            {"prompt": "a horse", "model": "m", "size": "1024x1024", "profile": "openai-edit", "n": 2,
             "options": {"style": "vivid"}}
            """
        guard case .present(let sidecar) = parse(text) else {
            Issue.record("\(parse(text))")
            return
        }
        #expect(sidecar.prompt == "a horse" && sidecar.model == "m" && sidecar.size == "1024x1024")
        #expect(sidecar.profile == "openai-edit" && sidecar.count == 2 && sidecar.options?["style"]?.text == "vivid")
        #expect(parse("{}") == .present(Sidecar()))
    }

    @Test(
        "An unknown key is an error that names the nearest",
        arguments: [("promt", "prompt"), ("negative-promt", "negative_prompt"), ("Modell", "model"), ("seeed", "seed")])
    func unknown(key: String, nearest: String) {
        #expect(message("{\"\(key)\": 1}")?.contains("did you mean \"\(nearest)\"?") == true)
    }

    @Test("An unknown key that is near to none is answered with all of them")
    func farAway() {
        #expect(message("{\"quantum_flux\": 1}")?.contains("known keys are") == true)
    }

    @Test("JSON that ends too early may still be written", arguments: ["", "{", "{\"prompt\": \"a ho", "{\"a\": {}"])
    func incomplete(text: String) {
        // The last one ends with a bracket, but not with the last.
        if text.hasSuffix("}") { #expect(message(text) != nil) } else { #expect(parse(text) == .incomplete) }
    }

    @Test(
        "Wrong types and other JSON are errors",
        arguments: ["[]}", "{\"n\": \"two\"}", "{\"prompt\": 1}", "[1]", "\"a\""])
    func invalid(text: String) {
        if case .present = parse(text) { Issue.record("\(text) was understood") }
        if text.first == "{" { #expect(message(text) != nil) }
    }

    @Test("A link or a folder under the name is no sidecar")
    func notAFile() throws {
        let folder = try TemporaryFolder()
        try folder.write([1], to: "b.json/x")
        try folder.makeLink("a.json", to: "/etc/hostname")
        #expect(Sidecar.read(folder.path.appending("missing.json")) == .missing)
        #expect(Sidecar.read(folder.path.appending("b.json")) == .missing)
        guard case .invalid = Sidecar.read(folder.path.appending("a.json")) else {
            Issue.record("a link was followed")
            return
        }
    }
}
