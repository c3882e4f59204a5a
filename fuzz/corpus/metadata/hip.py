cuda = None
hip = '6.0'
x = (1, -2.5,)
y = r'a\d' 'b\n'
z = """long
text"""
