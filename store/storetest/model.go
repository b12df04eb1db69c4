package storetest

var modelCases = []suiteCase{}
