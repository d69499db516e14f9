// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import SnugServer

@Suite struct HeaderValueTests {
    @Test(
        "A value and its parameters are told apart",
        arguments: [
            ("image/jpeg", "image/jpeg", [:]), ("Image/JPEG ; Q=1", "image/jpeg", ["q": "1"]),
            (
                "multipart/form-data; boundary=----WebKitFormBoundaryABC", "multipart/form-data",
                ["boundary": "----WebKitFormBoundaryABC"]
            ),
            (#"multipart/form-data; boundary="a b;c""#, "multipart/form-data", ["boundary": "a b;c"]),
            (#"form-data; name="image"; filename="a.jpg""#, "form-data", ["name": "image", "filename": "a.jpg"]),
            (#"form-data;name=image;filename=a.jpg"#, "form-data", ["name": "image", "filename": "a.jpg"]),
            (#"form-data; name="a\"b""#, "form-data", ["name": #"a"b"#]),
            (
                #"form-data; name="x"; filename="C:\fakepath\a.jpg""#, "form-data",
                ["name": "x", "filename": #"C:\fakepath\a.jpg"#]
            ),
            (#"form-data; name="one"; name="two""#, "form-data", ["name": "one"]), ("form-data;", "form-data", [:]),
            (#"form-data; name="""#, "form-data", ["name": ""]), ("", "", [:]),
        ] as [(String, String, [String: String])])
    func values(text: String, value: String, parameters: [String: String]) {
        let read = HeaderValue(text)
        #expect(read?.value == value)
        #expect(read?.parameters == parameters)
    }

    @Test(
        "What is not well formed is refused",
        arguments: [#"a; name="open"#, #"a; name="x"y"#, "a; name", "a; =x", #"a; name="x\"#, #"a; ="x""#])
    func malformed(text: String) {
        #expect(HeaderValue(text) == nil)
    }
}
